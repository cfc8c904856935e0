import { defineConfig } from "vite";

// The names are fixed: the program carries these four files and knows them by name.
export default defineConfig({
  base: "/phone/",
  oxc: { jsx: { importSource: "preact" } },
  build: {
    outDir: "dist",
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: { entryFileNames: "phone.js", assetFileNames: "phone[extname]" },
    },
  },
  // `npm run dev` serves the page with changes at once; calls are made by a server started with `callwright demo`.
  server: {
    proxy: {
      "^/phone/(flows|calls|masking/)": {
        target: "http://127.0.0.1:8080",
        changeOrigin: true,
        configure: (proxy) => proxy.on("proxyReq", (request) => request.removeHeader("origin")),
      },
    },
  },
});
