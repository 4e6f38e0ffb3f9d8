// The question before the last instance of a service that is up is drained.

import { html, useEffect, useRef } from "/vendor/preact/standalone.module.js";
import { instanceName } from "./texts.js";

/** `onAnswer` is called with true to drain, with false to leave it up. */
export function ConfirmDrain({ instance, onAnswer }) {
  const dialog = useRef();
  const drain = useRef(false);
  useEffect(() => dialog.current.showModal(), []);

  function close(yes) {
    drain.current = yes;
    dialog.current.close();
  }

  return html`<dialog
    ref=${dialog}
    class="confirm"
    aria-labelledby="confirm-title"
    aria-describedby="confirm-text"
    onClose=${() => onAnswer(drain.current)}
  >
    <h2 id="confirm-title">Drain ${instanceName(instance)}?</h2>
    <p id="confirm-text">
      It is the last instance of ${instance.service} that is up. Calls will still reach it while
      there is nobody else; once it stops, ${instance.service} is away.
    </p>
    <p class="choices">
      <button type="button" class="button quiet" onClick=${() => close(false)}>Leave it up</button>
      <button type="button" class="button" onClick=${() => close(true)}>Drain it</button>
    </p>
  </dialog>`;
}
