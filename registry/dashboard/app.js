// Behind the door or in front of it.

import { html, useEffect, useState } from "/vendor/preact/standalone.module.js";
import { Board } from "./board.js";
import { forgetKey, keepKey, takeKey } from "./key.js";
import { SignIn } from "./sign_in.js";

export function App() {
  const [key, setKey] = useState(takeKey);
  const [refusal, setRefusal] = useState(null);

  useEffect(() => {
    // A link with a key can be opened in a tab that is here already.
    const take = () => setKey(takeKey());
    addEventListener("hashchange", take);
    return () => removeEventListener("hashchange", take);
  }, []);

  function enter(taken) {
    keepKey(taken);
    setRefusal(null);
    setKey(taken);
  }

  function close(words) {
    forgetKey();
    setRefusal(words);
    setKey(null);
  }

  return key === null
    ? html`<${SignIn} refusal=${refusal} enter=${enter} />`
    : html`<${Board} key=${key} operatorKey=${key} refuse=${close} leave=${() => close(null)} />`;
}
