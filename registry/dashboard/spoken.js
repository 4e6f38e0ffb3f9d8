// What a screen reader is told of what happens by itself.

import { useEffect, useRef, useState } from "/vendor/preact/standalone.module.js";
import { called, happening } from "./words.js";

/** The latest news in words: what has happened since the page was opened, and lost contact. */
export function useHeard(events, silence) {
  const [words, setWords] = useState("");
  const newest = useRef(null);
  const lost = silence !== null;
  const wasLost = useRef(false);

  useEffect(() => {
    if (events === null) return;
    const before = newest.current;
    newest.current = events[0]?.at ?? "";
    // What the operator does here is told as its result.
    const news = events.filter(({ at, detail }) => at > before && !detail.includes("operator"));
    if (before !== null && news.length > 0) {
      const sentences = news.map((event) => `${called(event)} ${happening(event)}`);
      setWords(sentences.reverse().join(" "));
    }
  }, [events]);

  useEffect(() => {
    if (lost !== wasLost.current) {
      setWords(lost ? "No contact with the registry. Trying again." : "There is contact again.");
    }
    wasLost.current = lost;
  }, [lost]);

  return words;
}
