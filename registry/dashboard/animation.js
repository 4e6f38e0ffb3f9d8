// The page's two animations; neither runs for a reader who asked for reduced motion.

const FLASH_MILLISECONDS = 1400;
const RISE_MILLISECONDS = 180;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** Mark something that has changed, once. */
export function flash(element) {
  if (!reducedMotion.matches) {
    const colors = ["var(--low-wash)", "var(--low-wash)", "transparent"];
    element.animate({ backgroundColor: colors }, { duration: FLASH_MILLISECONDS });
  }
}

/**
 * Draw a line that is as long as `share` of its place now and runs out in `seconds`; gives what
 * stops it.
 */
export function animateCountdown(line, share, seconds) {
  const before = line.getBoundingClientRect().width / line.parentElement.clientWidth;
  line.style.transform = `scaleX(${share})`;
  if (reducedMotion.matches || seconds <= 0) {
    return () => {};
  }
  const duration = seconds * 1000;
  const rise = Math.min(RISE_MILLISECONDS / duration, 1);
  const running = line.animate(
    [
      { transform: `scaleX(${before})` },
      { transform: `scaleX(${share * (1 - rise)})`, offset: rise },
      { transform: "scaleX(0)" },
    ],
    { duration, fill: "forwards" },
  );
  return () => {
    line.style.transform = getComputedStyle(line).transform;
    running.cancel();
  };
}
