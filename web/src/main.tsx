// The page: mounts the phone.

import { render } from "preact";

import { Page } from "./page";
import "./phone.css";

const root = document.getElementById("phone");
if (root !== null) {
  render(<Page />, root);
}
