// The question for the operator key.

import { html, useEffect, useRef, useState } from "/vendor/preact/standalone.module.js";
import { keyRefusal, RegistryClient } from "./registry-client.js";

/** `refusal` says why an earlier key was refused; `onAccepted` gets one that the registry accepts. */
export function SignIn({ refusal, onAccepted }) {
  const field = useRef();
  const [problem, setProblem] = useState(refusal);
  const [checking, setChecking] = useState(false);
  useEffect(() => field.current.focus(), []);

  async function check(submission) {
    submission.preventDefault();
    const key = field.current.value.trim();
    if (checking) return;
    if (!key) {
      setProblem("Type the key first.");
      return;
    }
    setChecking(true);
    setProblem(null);
    const found = await problemWith(key);
    if (found === null) {
      onAccepted(key);
      return;
    }
    setChecking(false);
    setProblem(found);
    field.current.select();
  }

  return html`<main class="sign-in">
    <p class="brand soft">Tuckshop</p>
    <h1>The back room</h1>
    <p>
      Every service of the shop, how it is doing, and what happened. The door opens with the
      operator key.
    </p>
    <form onSubmit=${check} noValidate>
      <label for="key">Operator key</label>
      <div class="key-line">
        <input
          id="key"
          class="field"
          type="password"
          autocomplete="off"
          spellcheck=${false}
          ref=${field}
          aria-invalid=${problem ? "true" : undefined}
          aria-describedby="problem key-note"
        />
        <button class="button" aria-disabled=${checking}>
          ${checking ? "Checking…" : "Come in"}
        </button>
      </div>
      <p id="key-note" class="soft small">
        It is kept for this tab alone and forgotten when the tab is closed.
      </p>
      <p id="problem" class="problem" role="alert">${problem}</p>
    </form>
  </main>`;
}

async function problemWith(key) {
  try {
    // A header cannot hold other characters, and no key has them.
    if (!/^[\x21-\x7e]+$/.test(key)) return keyRefusal({ status: 401 });
    await new RegistryClient(key).services();
    return null;
  } catch (error) {
    return (
      keyRefusal(error) ??
      (error.status === 0
        ? "The registry does not answer, so the key could not be checked. Try again in a moment."
        : `The registry could not check the key: ${error.message}.`)
    );
  }
}
