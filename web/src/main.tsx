// SPDX-License-Identifier: Apache-2.0
import { render } from "preact";
import { App } from "./app";
import { resume } from "./state/session";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/shell.css";
import "./styles/map.css";
import "./styles/watch.css";
import "./styles/pages.css";
import "./styles/forms.css";
import "./styles/customs.css";
import "./styles/screens.css";

// Chromium (156) keeps the old styles of what is inside a row that changes its class while it is moved with moveBefore(): a field that differs
// looked as if it agreed. Without it, Preact moves nodes by insertBefore().
delete (Element.prototype as { moveBefore?: unknown }).moveBefore;

void resume();
render(<App />, document.getElementById("app")!);
