// What the compiler is told of style sheets: they are there.
declare module "*.css";
