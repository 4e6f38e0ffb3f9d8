// The dashboard, or the question for the key where there is none.

import { html, useEffect, useState } from "/vendor/preact/standalone.module.js";
import { Dashboard } from "./dashboard.js";
import { forgetKey, loadKey, saveKey } from "./operator-key.js";
import { SignIn } from "./sign-in.js";

export function App() {
  const [key, setKey] = useState(loadKey);
  const [refusal, setRefusal] = useState(null);

  useEffect(() => {
    // A link with a key can be opened in a tab that is here already.
    const take = () => setKey(loadKey());
    addEventListener("hashchange", take);
    return () => removeEventListener("hashchange", take);
  }, []);

  function enter(accepted) {
    saveKey(accepted);
    setRefusal(null);
    setKey(accepted);
  }

  function close(reason) {
    forgetKey();
    setRefusal(reason);
    setKey(null);
  }

  return key === null
    ? html`<${SignIn} refusal=${refusal} onAccepted=${enter} />`
    : html`<${Dashboard} key=${key} operatorKey=${key} onKeyRefused=${close} onForgetKey=${() => close(null)} />`;
}
