// One instance: how it is, and the button by which the operator drains it or takes it back.

import { html, useEffect, useRef } from "/vendor/preact/standalone.module.js";
import { flash } from "./animation.js";
import { stateSince } from "./events.js";
import { LeaseLine } from "./lease-line.js";
import { StateIcon } from "./state-icon.js";
import { eventLabel, instanceName, isDrained, STATE_NAMES } from "./texts.js";
import { Timestamp } from "./timestamp.js";

/**
 * `events` are the instance's own, newest first; `isNew` if it came after the others were shown;
 * `busy` while a new state for it is under way; `onSetState` gets the one that the operator wants.
 */
export function InstanceRow({ instance, events, at, live, isNew, busy, onSetState }) {
  const row = useRef();
  const { service, instance_id, state, reason, url, version } = instance;
  const look = JSON.stringify([state, reason, url, version, instance.registered_at]);
  const shown = useRef(isNew ? null : look);
  useEffect(() => {
    if (shown.current !== look) flash(row.current);
    shown.current = look;
  }, [look]);

  const since = stateSince(state, events);
  const last = events?.[0];
  return html`<tr role="row" ref=${row} class=${state}>
    <th role="rowheader" scope="row" class="name">
      <span class="service clamped" title=${service}>${service}</span>${" "}
      <span class="instance clamped" title=${instance_id}>${instance_id}</span>
    </th>
    <td role="cell" class="state">
      <span class="state-name"><${StateIcon} of=${state} /> ${STATE_NAMES[state] ?? state}</span>
      ${reason && html` <span class="reason small">${reason}</span>`}
    </td>
    <${Cell} name="since" label="Since">
      ${since ? html`<${Timestamp} at=${since} />` : "not known"}
    <//>
    <${Cell} name="lease-cell" label="Lease">
      <${LeaseLine} instance=${instance} at=${at} live=${live} />
    <//>
    <${Cell} name="last" label="Last event">
      ${last ? html`${eventLabel(last)} <${Timestamp} at=${last.at} />` : "long ago"}
    <//>
    <${Cell} name="address" label="Address">${url}<//>
    <${Cell} name="version" label="Version">
      <span class="clamped" title=${version}>${version ?? "not said"}</span>
    <//>
    <td role="cell" class="operator-action">
      <${OperatorButton} instance=${instance} busy=${busy} live=${live} onSetState=${onSetState} />
    </td>
  </tr>`;
}

/** A cell that bears its column's name where there is no room for columns. */
function Cell({ name, label, children }) {
  return html`<td role="cell" class=${name}>
    <span class="label small soft" aria-hidden="true">${label}</span>
    <span class="value">${children}</span>
  </td>`;
}

function OperatorButton({ instance, busy, live, onSetState }) {
  const drained = isDrained(instance);
  const name = drained ? "Take back" : "Drain";
  const able = live && !busy;
  return html`<button
    type="button"
    class="button quiet"
    aria-label=${`${name} ${instanceName(instance)}`}
    aria-disabled=${!able}
    onClick=${() => able && onSetState(drained ? "up" : "draining")}
  >
    ${busy ? "Wait…" : name}
  </button>`;
}
