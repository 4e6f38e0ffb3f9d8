// Every refusal in words: what happened, what it means, what comes next.
import { minorOf, money } from "/shared/format.js";

const SENTENCES = {
  insufficient_stock: [
    "Not enough on the shelf",
    "Somebody was quicker. Nothing was ordered and nothing paid; the lines in question are marked.",
  ],
  cart_empty: [
    "Your cart is empty",
    "There is nothing to order in it. Perhaps another tab has ordered it already: see your orders.",
  ],
  order_closed: [
    "This order is closed",
    "It was cancelled, or its time to pay ran out. Nothing was paid, and everything is back on the shelf.",
  ],
  ordered_before: [
    "This cart has been ordered already",
    "It is among your orders, where you can pay or cancel it. It was not ordered twice.",
  ],
  already_paid: ["This order is paid already", "Nothing was taken a second time."],
  amount_mismatch: [
    "The amount was not that of the order",
    "Nothing was paid. Look at the order once more, then pay what it says.",
  ],
  too_many_unpaid_orders: [
    "Too many of your orders are not paid yet",
    "Nothing was ordered, and your cart is as it was. Pay or cancel one under My orders, or wait until one runs out.",
  ],
  too_many_unpaid_units: [
    "That is more than may be kept aside for you",
    "Nothing was ordered, and your cart is as it was. Pay or cancel an order under My orders, or take fewer.",
  ],
  too_many_unpaid_orders_at_address: [
    "Too many orders from your network are not paid yet",
    "Nothing was ordered, and your cart is as it was. Pay or cancel what you have ordered, or try again in a few minutes.",
  ],
  too_many_unpaid_units_at_address: [
    "That is more than may be kept aside for your network",
    "Nothing was ordered, and your cart is as it was. Take fewer, pay or cancel what you have ordered, or try again in a few minutes.",
  ],
  order_not_found: [
    "There is no such order",
    "Perhaps the link is cut short, or the order was made in another browser: orders stay with the one they were made in.",
  ],
  order_not_cancellable: [
    "This order can no longer be cancelled",
    "It is paid, or closed already. What it says below is how it stands.",
  ],
  product_not_found: [
    "This is no longer sold",
    "It has left the shelves, or the link to it is cut short.",
  ],
  cart_gone: [
    "Something in your cart is no longer sold",
    "Nothing was ordered and nothing paid. It is marked, and not in the total: take it out, and order the rest.",
  ],
  order_total_zero: [
    "This order would cost nothing",
    "The till takes no order of zero. Add something that has a price.",
  ],
  too_many_units: ["That is more than one line may have", "A line holds up to 1,000 of a thing."],
  too_many_lines: [
    "The cart is full",
    "It holds up to 100 different things. Order these first, then come back for the rest.",
  ],
  user_not_found: [
    "Your visit has begun afresh",
    "What was to be ordered belonged to an earlier visit. Nothing was ordered.",
  ],
  idempotency_key_reused: [
    "This was sent once before, with other things in it",
    "Nothing was done this time. Look at your orders, then try again.",
  ],
};

/** A refusal as `{title, text}`. */
export function describeError(error) {
  if (error.code === "price_changed")
    return { title: "A price has changed", text: totalWords(error) };
  if (error.code === "cart_changed") {
    const text = `Something was put in or taken out, perhaps on another device. ${totalWords(error)}`;
    return { title: "Your cart has changed", text };
  }
  const [title, text] = SENTENCES[error.code] || [
    "That did not work",
    `The shop says: ${error.message.replace(/\.$/, "")}. Nothing was changed.`,
  ];
  return { title, text };
}

function totalWords(error) {
  const { total_amount: total, currency } = error.errors.find((one) => one.currency) ?? {};
  const now = currency ? ` The total is ${money(minorOf(total, currency), currency)} now.` : "";
  return `Nothing was ordered and nothing paid.${now} Order again if that suits you.`;
}

const AWAY = {
  products: "The shelves cannot be reached just now. Your cart is safe.",
  categories: "The shelves cannot be reached just now. Your cart is safe.",
  cart: "The cart cannot be reached just now. What is in it is safe.",
  orders: "The order book is being fetched. Your cart is safe.",
  pay: "The till is restarting. Your order is safe, and nothing is taken twice.",
  payments: "The till is restarting. Your order is safe.",
  session: "The shop is just opening.",
};

/** What stands between the page and the shop, in a sentence or two. */
export function describeConnectionIssue({ kind, resource }) {
  if (kind === "offline")
    return "The connection is lost. What you see may be out of date; your cart is safe.";
  if (kind === "busy") return "That was a lot at once, and the shop asks for a moment.";
  return AWAY[resource] || "The shop does not answer just now. Your cart is safe.";
}

const EVENTS = {
  placed: "Placed",
  "stock held": "Put aside for you",
  paid: "Paid",
  "stock committed": "Wrapped up",
  customer_request: "Cancelled by you",
  operator_request: "Cancelled by the shop",
  expired: "Not paid in time",
  "stock released": "Back on the shelf",
  refunded: "Refunded",
  "stock returned": "Back on the shelf",
  insufficient_stock: "Not enough in stock",
  price_changed: "Total had changed",
  product_not_found: "No longer sold",
  order_total_zero: "Nothing to pay",
};

/** What happened to an order, by the cause that its history gives. */
export function describeEvent(cause) {
  const known = EVENTS[cause];
  return known || cause.charAt(0).toUpperCase() + cause.slice(1).replaceAll("_", " ");
}

const STATUSES = {
  CREATED: ["Not paid yet", "low"],
  PAID: ["Paid", "there"],
  REFUNDED: ["Refunded", "soft"],
  CANCELLED: ["Cancelled", "soft"],
  REJECTED: ["Not possible", "act"],
};

/** An order's status as `{text, tone}`; `tone` is the stamp's colour. */
export function describeStatus(status) {
  const [text, tone] = STATUSES[status] || [status, "soft"];
  return { text, tone };
}

const REASONS = {
  customer_request: "You cancelled it. Everything is back on the shelf.",
  operator_request: "The shop cancelled it. Nothing was paid.",
  expired: "It was not paid in time. Everything is back on the shelf.",
  insufficient_stock: "There was not enough on the shelf. Nothing was paid.",
  price_changed: "The total had changed. Nothing was paid.",
  product_not_found: "Something in it is no longer sold. Nothing was paid.",
};

/** How an order stands, and what that means for who ordered it. */
export function explainStatus(order) {
  if (order.status === "PAID") return "It is paid, and your things are yours.";
  if (order.status === "REFUNDED") return "The money is on its way back to you.";
  return REASONS[order.reason] ?? "";
}

/** How many of a product there are, as `{text, tone}`. */
export function describeStock(stock) {
  if (stock === 0) return { text: "Sold out", tone: "act" };
  if (stock <= 5) return { text: `Only ${stock} left`, tone: "low" };
  return { text: `${stock.toLocaleString("en")} in stock`, tone: "there" };
}
