// Every instance of every service, a row each.

import { html, useEffect, useRef } from "/vendor/preact/standalone.module.js";
import { eventsByInstance, instanceKey } from "./events.js";
import { InstanceRow } from "./instance-row.js";
import { StateIcon } from "./state-icon.js";
import { STATE_MEANINGS, STATE_NAMES } from "./texts.js";

const COLUMNS = ["Instance", "State", "Since", "Lease", "Last event", "Address", "Version"];

/** `busy` holds the keys of the instances whose new state is under way; `onSetState` asks for one. */
export function ServicesTable({ snapshot, events, live, busy, onSetState }) {
  const drawn = useRef(false);
  useEffect(() => {
    drawn.current = true;
  }, []);
  const byInstance = eventsByInstance(events);
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
              events=${byInstance.get(instanceKey(instance))}
              at=${snapshot.at}
              live=${live}
              isNew=${drawn.current}
              busy=${busy.has(instanceKey(instance))}
              onSetState=${(state) => onSetState(instance, state)}
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
        <dt class=${state}><${StateIcon} of=${state} /> ${STATE_NAMES[state]}</dt>
        <dd>${meaning}</dd>
      </div>`,
    )}
  </dl>`;
}
