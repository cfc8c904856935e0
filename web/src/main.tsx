// The page: mounts the phone, or the two phones of the masking view.

import { render } from "preact";

import { Masking } from "./masking";
import { Page } from "./page";
import "./style/page.css";
import "./style/handset.css";
import "./style/choices.css";
import "./style/flow.css";
import "./style/webhooks.css";
import "./style/masking.css";

const root = document.getElementById("phone");
if (root !== null) {
  render(location.pathname === "/phone/masking" ? <Masking /> : <Page />, root);
}
