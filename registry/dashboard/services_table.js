// Every instance of every service, a row each.

import { html, useEffect, useRef } from "/vendor/preact/standalone.module.js";
import { byInstance, nameOf } from "./happenings.js";
import { InstanceRow } from "./instance_row.js";
import { StateMark } from "./state_mark.js";
import { STATE_MEANINGS, STATE_WORDS } from "./words.js";

const COLUMNS = ["Instance", "State", "Since", "Lease", "Last event", "Address", "Version"];

/** `busy` has the names of those whom the operator's word is on its way to, by `say`. */
export function ServicesTable({ snapshot, events, live, busy, say }) {
  const drawn = useRef(false);
  useEffect(() => {
    drawn.current = true;
  }, []);
  const happened = byInstance(events);
  const services = Object.entries(snapshot.services)
    .filter(([, instances]) => instances.length > 0)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  if (services.length === 0) {
    return html`<p class="empty">
      Services come here by themselves once they run and know this registry’s address.
    </p>`;
  }
  return html`
    <table role="table" class="services">
      <caption class="unseen">Every instance of every service</caption>
      <thead role="rowgroup">
        <tr role="row">
          ${COLUMNS.map(
            (name) => html`<th role="columnheader" scope="col" key=${name}>${name}</th>`,
          )}
          <th role="columnheader" scope="col"><span class="unseen">The operator’s word</span></th>
        </tr>
      </thead>
      ${services.map(
        ([service, instances]) => html`<tbody role="rowgroup" key=${service}>
          ${instances.map(
            (instance) => html`<${InstanceRow}
              key=${instance.instance_id}
              instance=${instance}
              events=${happened.get(nameOf(instance))}
              at=${snapshot.at}
              live=${live}
              isNew=${drawn.current}
              busy=${busy.has(nameOf(instance))}
              say=${(word) => say(instance, word)}
            />`,
          )}
        </tbody>`,
      )}
    </table>
    <${Legend} />
  `;
}

function Legend() {
  return html`<dl class="legend small soft">
    ${Object.entries(STATE_MEANINGS).map(
      ([state, meaning]) => html`<div key=${state}>
        <dt class=${state}><${StateMark} of=${state} /> ${STATE_WORDS[state]}</dt>
        <dd>${meaning}</dd>
      </div>`,
    )}
  </dl>`;
}
