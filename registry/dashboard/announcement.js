// What a screen reader says of what happens by itself.

import { useEffect, useRef, useState } from "/vendor/preact/standalone.module.js";
import { eventSentence, instanceName } from "./texts.js";

/** The latest announcement: what has happened since the page was opened, or lost contact. */
export function useAnnouncement(events, secondsLost) {
  const [text, setText] = useState("");
  const newest = useRef(null);
  const lost = secondsLost !== null;
  const wasLost = useRef(false);

  useEffect(() => {
    if (events === null) return;
    const before = newest.current;
    newest.current = events[0]?.at ?? "";
    // What the operator does here is told as its result.
    const news = events.filter(({ at, detail }) => at > before && !detail.includes("operator"));
    if (before !== null && news.length > 0) {
      const sentences = news.map((event) => `${instanceName(event)} ${eventSentence(event)}`);
      setText(sentences.reverse().join(" "));
    }
  }, [events]);

  useEffect(() => {
    if (lost !== wasLost.current) {
      setText(lost ? "No contact with the registry. Trying again." : "There is contact again.");
    }
    wasLost.current = lost;
  }, [lost]);

  return text;
}
