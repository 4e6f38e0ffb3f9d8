// How far a purchase has come.
import { html } from "/vendor/preact/standalone.module.js";

const WAITING = {
  order_pending: "Your last order is still being rung up; this one comes right after it.",
  shelf: "The shelf takes its time. It goes on by itself, also if you leave this page.",
  till: "The till has your payment and is still confirming it. It goes on by itself, also if you leave this page.",
};

export function PurchaseSteps({ step: { stage, waiting } }) {
  const paying = stage === "pay";
  return html`<div class="steps" role="status">
    <ol>
      <li class=${paying ? "done" : "now"}>${paying ? "Put aside for you" : "Putting your things aside…"}</li>
      <li class=${paying ? "now" : "next"}>${paying ? "Taking the payment…" : "Payment"}</li>
    </ol>
    ${waiting && html`<p class="small">${WAITING[waiting]}</p>`}
  </div>`;
}
