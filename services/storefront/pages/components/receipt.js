// A receipt: lines and total on a strip of paper.

import { money } from "/shared/format.js";
import { html } from "/vendor/preact/standalone.module.js";

/**
 * `lines` are `{key, name, quantity, price, note}` with prices in the smallest unit (null where not known);
 * `total` likewise. Children stand under the total.
 */
export function Receipt({ lines, total, currency, head, children }) {
  return html`<section class="receipt" aria-label="Receipt">
    <div class="receipt-head"><p class="receipt-shop">Tuckshop</p>${head}</div>
    <table>
      <thead class="unseen">
        <tr><th scope="col">Quantity</th><th scope="col">Thing</th><th scope="col">Amount</th></tr>
      </thead>
      <tbody>
        ${lines.map(
          (line) => html`<tr key=${line.key}>
            <td class="count">${line.quantity} ×</td>
            <th scope="row">
              <a href=${`/products/${line.key}`} dir="auto">${line.name}</a>
              ${line.note && html`<span class="line-warning small">${line.note}</span>`}
            </th>
            <td class="money">${line.price === null ? "–" : money(line.price * line.quantity, currency)}</td>
          </tr>`,
        )}
      </tbody>
      <tfoot>
        <tr>
          <td></td>
          <th scope="row">Total</th>
          <td class="money receipt-total">${total === null ? "–" : money(total, currency)}</td>
        </tr>
      </tfoot>
    </table>
    ${children}
  </section>`;
}

/** A receipt that is being fetched. */
export function ReceiptPlaceholder() {
  return html`<div class="receipt placeholder" aria-busy="true" role="group" aria-label="Fetching the receipt">
    <span class="blank"></span><span class="blank"></span>
  </div>`;
}
