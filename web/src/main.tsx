// The page: mounts the phone.

import { render } from "preact";

import { Page } from "./page";
import "./style/page.css";
import "./style/handset.css";
import "./style/choices.css";
import "./style/flow.css";
import "./style/webhooks.css";

const root = document.getElementById("phone");
if (root !== null) {
  render(<Page />, root);
}
