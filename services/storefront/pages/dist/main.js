// Built by `npm run build` from the sources named below: change those, not this file.
// It contains Preact (MIT) and htm (Apache-2.0): see /vendor/preact/.

// services/common/pages/vendor/preact/standalone.module.js
var e;
var n;
var _;
var t;
var o;
var r;
var u;
var l = {};
var i = [];
var c = /acit|ex(?:s|g|n|p|$)|rph|grid|ows|mnc|ntw|ine[ch]|zoo|^ord|itera/i;
function s(e2, n2) {
  for (var _2 in n2) e2[_2] = n2[_2];
  return e2;
}
function f(e2) {
  var n2 = e2.parentNode;
  n2 && n2.removeChild(e2);
}
function a(n2, _2, t2) {
  var o2, r2, u2, l2 = {};
  for (u2 in _2) "key" == u2 ? o2 = _2[u2] : "ref" == u2 ? r2 = _2[u2] : l2[u2] = _2[u2];
  if (arguments.length > 2 && (l2.children = arguments.length > 3 ? e.call(arguments, 2) : t2), "function" == typeof n2 && null != n2.defaultProps) for (u2 in n2.defaultProps) void 0 === l2[u2] && (l2[u2] = n2.defaultProps[u2]);
  return p(n2, l2, o2, r2, null);
}
function p(e2, t2, o2, r2, u2) {
  var l2 = { type: e2, props: t2, key: o2, ref: r2, __k: null, __: null, __b: 0, __e: null, __d: void 0, __c: null, __h: null, constructor: void 0, __v: null == u2 ? ++_ : u2 };
  return null != n.vnode && n.vnode(l2), l2;
}
function h(e2) {
  return e2.children;
}
function d(e2, n2) {
  this.props = e2, this.context = n2;
}
function v(e2, n2) {
  if (null == n2) return e2.__ ? v(e2.__, e2.__.__k.indexOf(e2) + 1) : null;
  for (var _2; n2 < e2.__k.length; n2++) if (null != (_2 = e2.__k[n2]) && null != _2.__e) return _2.__e;
  return "function" == typeof e2.type ? v(e2) : null;
}
function y(e2) {
  var n2, _2;
  if (null != (e2 = e2.__) && null != e2.__c) {
    for (e2.__e = e2.__c.base = null, n2 = 0; n2 < e2.__k.length; n2++) if (null != (_2 = e2.__k[n2]) && null != _2.__e) {
      e2.__e = e2.__c.base = _2.__e;
      break;
    }
    return y(e2);
  }
}
function m(e2) {
  (!e2.__d && (e2.__d = true) && t.push(e2) && !g.__r++ || r !== n.debounceRendering) && ((r = n.debounceRendering) || o)(g);
}
function g() {
  for (var e2; g.__r = t.length; ) e2 = t.sort(function(e3, n2) {
    return e3.__v.__b - n2.__v.__b;
  }), t = [], e2.some(function(e3) {
    var n2, _2, t2, o2, r2, u2;
    e3.__d && (r2 = (o2 = (n2 = e3).__v).__e, (u2 = n2.__P) && (_2 = [], (t2 = s({}, o2)).__v = o2.__v + 1, P(u2, o2, t2, n2.__n, void 0 !== u2.ownerSVGElement, null != o2.__h ? [r2] : null, _2, null == r2 ? v(o2) : r2, o2.__h), D(_2, o2), o2.__e != r2 && y(o2)));
  });
}
function k(e2, n2, _2, t2, o2, r2, u2, c2, s2, f2) {
  var a2, d2, y2, m2, g2, k2, x2, H2 = t2 && t2.__k || i, E2 = H2.length;
  for (_2.__k = [], a2 = 0; a2 < n2.length; a2++) if (null != (m2 = _2.__k[a2] = null == (m2 = n2[a2]) || "boolean" == typeof m2 ? null : "string" == typeof m2 || "number" == typeof m2 || "bigint" == typeof m2 ? p(null, m2, null, null, m2) : Array.isArray(m2) ? p(h, { children: m2 }, null, null, null) : m2.__b > 0 ? p(m2.type, m2.props, m2.key, null, m2.__v) : m2)) {
    if (m2.__ = _2, m2.__b = _2.__b + 1, null === (y2 = H2[a2]) || y2 && m2.key == y2.key && m2.type === y2.type) H2[a2] = void 0;
    else for (d2 = 0; d2 < E2; d2++) {
      if ((y2 = H2[d2]) && m2.key == y2.key && m2.type === y2.type) {
        H2[d2] = void 0;
        break;
      }
      y2 = null;
    }
    P(e2, m2, y2 = y2 || l, o2, r2, u2, c2, s2, f2), g2 = m2.__e, (d2 = m2.ref) && y2.ref != d2 && (x2 || (x2 = []), y2.ref && x2.push(y2.ref, null, m2), x2.push(d2, m2.__c || g2, m2)), null != g2 ? (null == k2 && (k2 = g2), "function" == typeof m2.type && null != m2.__k && m2.__k === y2.__k ? m2.__d = s2 = b(m2, s2, e2) : s2 = C(e2, m2, y2, H2, g2, s2), f2 || "option" !== _2.type ? "function" == typeof _2.type && (_2.__d = s2) : e2.value = "") : s2 && y2.__e == s2 && s2.parentNode != e2 && (s2 = v(y2));
  }
  for (_2.__e = k2, a2 = E2; a2--; ) null != H2[a2] && ("function" == typeof _2.type && null != H2[a2].__e && H2[a2].__e == _2.__d && (_2.__d = v(t2, a2 + 1)), U(H2[a2], H2[a2]));
  if (x2) for (a2 = 0; a2 < x2.length; a2++) T(x2[a2], x2[++a2], x2[++a2]);
}
function b(e2, n2, _2) {
  var t2, o2;
  for (t2 = 0; t2 < e2.__k.length; t2++) (o2 = e2.__k[t2]) && (o2.__ = e2, n2 = "function" == typeof o2.type ? b(o2, n2, _2) : C(_2, o2, o2, e2.__k, o2.__e, n2));
  return n2;
}
function C(e2, n2, _2, t2, o2, r2) {
  var u2, l2, i2;
  if (void 0 !== n2.__d) u2 = n2.__d, n2.__d = void 0;
  else if (null == _2 || o2 != r2 || null == o2.parentNode) e: if (null == r2 || r2.parentNode !== e2) e2.appendChild(o2), u2 = null;
  else {
    for (l2 = r2, i2 = 0; (l2 = l2.nextSibling) && i2 < t2.length; i2 += 2) if (l2 == o2) break e;
    e2.insertBefore(o2, r2), u2 = r2;
  }
  return void 0 !== u2 ? u2 : o2.nextSibling;
}
function x(e2, n2, _2) {
  "-" === n2[0] ? e2.setProperty(n2, _2) : e2[n2] = null == _2 ? "" : "number" != typeof _2 || c.test(n2) ? _2 : _2 + "px";
}
function H(e2, n2, _2, t2, o2) {
  var r2;
  e: if ("style" === n2) if ("string" == typeof _2) e2.style.cssText = _2;
  else {
    if ("string" == typeof t2 && (e2.style.cssText = t2 = ""), t2) for (n2 in t2) _2 && n2 in _2 || x(e2.style, n2, "");
    if (_2) for (n2 in _2) t2 && _2[n2] === t2[n2] || x(e2.style, n2, _2[n2]);
  }
  else if ("o" === n2[0] && "n" === n2[1]) r2 = n2 !== (n2 = n2.replace(/Capture$/, "")), n2 = n2.toLowerCase() in e2 ? n2.toLowerCase().slice(2) : n2.slice(2), e2.l || (e2.l = {}), e2.l[n2 + r2] = _2, _2 ? t2 || e2.addEventListener(n2, r2 ? S : E, r2) : e2.removeEventListener(n2, r2 ? S : E, r2);
  else if ("dangerouslySetInnerHTML" !== n2) {
    if (o2) n2 = n2.replace(/xlink[H:h]/, "h").replace(/sName$/, "s");
    else if ("href" !== n2 && "list" !== n2 && "form" !== n2 && "tabIndex" !== n2 && "download" !== n2 && n2 in e2) try {
      e2[n2] = null == _2 ? "" : _2;
      break e;
    } catch (e3) {
    }
    "function" == typeof _2 || (null != _2 && (false !== _2 || "a" === n2[0] && "r" === n2[1]) ? e2.setAttribute(n2, _2) : e2.removeAttribute(n2));
  }
}
function E(e2) {
  this.l[e2.type + false](n.event ? n.event(e2) : e2);
}
function S(e2) {
  this.l[e2.type + true](n.event ? n.event(e2) : e2);
}
function P(e2, _2, t2, o2, r2, u2, l2, i2, c2) {
  var f2, a2, p2, v2, y2, m2, g2, b2, C2, x2, H2, E2 = _2.type;
  if (void 0 !== _2.constructor) return null;
  null != t2.__h && (c2 = t2.__h, i2 = _2.__e = t2.__e, _2.__h = null, u2 = [i2]), (f2 = n.__b) && f2(_2);
  try {
    e: if ("function" == typeof E2) {
      if (b2 = _2.props, C2 = (f2 = E2.contextType) && o2[f2.__c], x2 = f2 ? C2 ? C2.props.value : f2.__ : o2, t2.__c ? g2 = (a2 = _2.__c = t2.__c).__ = a2.__E : ("prototype" in E2 && E2.prototype.render ? _2.__c = a2 = new E2(b2, x2) : (_2.__c = a2 = new d(b2, x2), a2.constructor = E2, a2.render = A), C2 && C2.sub(a2), a2.props = b2, a2.state || (a2.state = {}), a2.context = x2, a2.__n = o2, p2 = a2.__d = true, a2.__h = []), null == a2.__s && (a2.__s = a2.state), null != E2.getDerivedStateFromProps && (a2.__s == a2.state && (a2.__s = s({}, a2.__s)), s(a2.__s, E2.getDerivedStateFromProps(b2, a2.__s))), v2 = a2.props, y2 = a2.state, p2) null == E2.getDerivedStateFromProps && null != a2.componentWillMount && a2.componentWillMount(), null != a2.componentDidMount && a2.__h.push(a2.componentDidMount);
      else {
        if (null == E2.getDerivedStateFromProps && b2 !== v2 && null != a2.componentWillReceiveProps && a2.componentWillReceiveProps(b2, x2), !a2.__e && null != a2.shouldComponentUpdate && false === a2.shouldComponentUpdate(b2, a2.__s, x2) || _2.__v === t2.__v) {
          a2.props = b2, a2.state = a2.__s, _2.__v !== t2.__v && (a2.__d = false), a2.__v = _2, _2.__e = t2.__e, _2.__k = t2.__k, _2.__k.forEach(function(e3) {
            e3 && (e3.__ = _2);
          }), a2.__h.length && l2.push(a2);
          break e;
        }
        null != a2.componentWillUpdate && a2.componentWillUpdate(b2, a2.__s, x2), null != a2.componentDidUpdate && a2.__h.push(function() {
          a2.componentDidUpdate(v2, y2, m2);
        });
      }
      a2.context = x2, a2.props = b2, a2.state = a2.__s, (f2 = n.__r) && f2(_2), a2.__d = false, a2.__v = _2, a2.__P = e2, f2 = a2.render(a2.props, a2.state, a2.context), a2.state = a2.__s, null != a2.getChildContext && (o2 = s(s({}, o2), a2.getChildContext())), p2 || null == a2.getSnapshotBeforeUpdate || (m2 = a2.getSnapshotBeforeUpdate(v2, y2)), H2 = null != f2 && f2.type === h && null == f2.key ? f2.props.children : f2, k(e2, Array.isArray(H2) ? H2 : [H2], _2, t2, o2, r2, u2, l2, i2, c2), a2.base = _2.__e, _2.__h = null, a2.__h.length && l2.push(a2), g2 && (a2.__E = a2.__ = null), a2.__e = false;
    } else null == u2 && _2.__v === t2.__v ? (_2.__k = t2.__k, _2.__e = t2.__e) : _2.__e = w(t2.__e, _2, t2, o2, r2, u2, l2, c2);
    (f2 = n.diffed) && f2(_2);
  } catch (e3) {
    _2.__v = null, (c2 || null != u2) && (_2.__e = i2, _2.__h = !!c2, u2[u2.indexOf(i2)] = null), n.__e(e3, _2, t2);
  }
}
function D(e2, _2) {
  n.__c && n.__c(_2, e2), e2.some(function(_3) {
    try {
      e2 = _3.__h, _3.__h = [], e2.some(function(e3) {
        e3.call(_3);
      });
    } catch (e3) {
      n.__e(e3, _3.__v);
    }
  });
}
function w(n2, _2, t2, o2, r2, u2, i2, c2) {
  var s2, a2, p2, h2 = t2.props, d2 = _2.props, y2 = _2.type, m2 = 0;
  if ("svg" === y2 && (r2 = true), null != u2) {
    for (; m2 < u2.length; m2++) if ((s2 = u2[m2]) && (s2 === n2 || (y2 ? s2.localName == y2 : 3 == s2.nodeType))) {
      n2 = s2, u2[m2] = null;
      break;
    }
  }
  if (null == n2) {
    if (null === y2) return document.createTextNode(d2);
    n2 = r2 ? document.createElementNS("http://www.w3.org/2000/svg", y2) : document.createElement(y2, d2.is && d2), u2 = null, c2 = false;
  }
  if (null === y2) h2 === d2 || c2 && n2.data === d2 || (n2.data = d2);
  else {
    if (u2 = u2 && e.call(n2.childNodes), a2 = (h2 = t2.props || l).dangerouslySetInnerHTML, p2 = d2.dangerouslySetInnerHTML, !c2) {
      if (null != u2) for (h2 = {}, m2 = 0; m2 < n2.attributes.length; m2++) h2[n2.attributes[m2].name] = n2.attributes[m2].value;
      (p2 || a2) && (p2 && (a2 && p2.__html == a2.__html || p2.__html === n2.innerHTML) || (n2.innerHTML = p2 && p2.__html || ""));
    }
    if ((function(e2, n3, _3, t3, o3) {
      var r3;
      for (r3 in _3) "children" === r3 || "key" === r3 || r3 in n3 || H(e2, r3, null, _3[r3], t3);
      for (r3 in n3) o3 && "function" != typeof n3[r3] || "children" === r3 || "key" === r3 || "value" === r3 || "checked" === r3 || _3[r3] === n3[r3] || H(e2, r3, n3[r3], _3[r3], t3);
    })(n2, d2, h2, r2, c2), p2) _2.__k = [];
    else if (m2 = _2.props.children, k(n2, Array.isArray(m2) ? m2 : [m2], _2, t2, o2, r2 && "foreignObject" !== y2, u2, i2, u2 ? u2[0] : t2.__k && v(t2, 0), c2), null != u2) for (m2 = u2.length; m2--; ) null != u2[m2] && f(u2[m2]);
    c2 || ("value" in d2 && void 0 !== (m2 = d2.value) && (m2 !== n2.value || "progress" === y2 && !m2) && H(n2, "value", m2, h2.value, false), "checked" in d2 && void 0 !== (m2 = d2.checked) && m2 !== n2.checked && H(n2, "checked", m2, h2.checked, false));
  }
  return n2;
}
function T(e2, _2, t2) {
  try {
    "function" == typeof e2 ? e2(_2) : e2.current = _2;
  } catch (e3) {
    n.__e(e3, t2);
  }
}
function U(e2, _2, t2) {
  var o2, r2;
  if (n.unmount && n.unmount(e2), (o2 = e2.ref) && (o2.current && o2.current !== e2.__e || T(o2, null, _2)), null != (o2 = e2.__c)) {
    if (o2.componentWillUnmount) try {
      o2.componentWillUnmount();
    } catch (e3) {
      n.__e(e3, _2);
    }
    o2.base = o2.__P = null;
  }
  if (o2 = e2.__k) for (r2 = 0; r2 < o2.length; r2++) o2[r2] && U(o2[r2], _2, "function" != typeof e2.type);
  t2 || null == e2.__e || f(e2.__e), e2.__e = e2.__d = void 0;
}
function A(e2, n2, _2) {
  return this.constructor(e2, _2);
}
function M(_2, t2, o2) {
  var r2, u2, i2;
  n.__ && n.__(_2, t2), u2 = (r2 = "function" == typeof o2) ? null : o2 && o2.__k || t2.__k, i2 = [], P(t2, _2 = (!r2 && o2 || t2).__k = a(h, null, [_2]), u2 || l, l, void 0 !== t2.ownerSVGElement, !r2 && o2 ? [o2] : u2 ? null : t2.firstChild ? e.call(t2.childNodes) : null, i2, !r2 && o2 ? o2 : u2 ? u2.__e : t2.firstChild, r2), D(i2, _2);
}
e = i.slice, n = { __e: function(e2, n2) {
  for (var _2, t2, o2; n2 = n2.__; ) if ((_2 = n2.__c) && !_2.__) try {
    if ((t2 = _2.constructor) && null != t2.getDerivedStateFromError && (_2.setState(t2.getDerivedStateFromError(e2)), o2 = _2.__d), null != _2.componentDidCatch && (_2.componentDidCatch(e2), o2 = _2.__d), o2) return _2.__E = _2;
  } catch (n3) {
    e2 = n3;
  }
  throw e2;
} }, _ = 0, d.prototype.setState = function(e2, n2) {
  var _2;
  _2 = null != this.__s && this.__s !== this.state ? this.__s : this.__s = s({}, this.state), "function" == typeof e2 && (e2 = e2(s({}, _2), this.props)), e2 && s(_2, e2), null != e2 && this.__v && (n2 && this.__h.push(n2), m(this));
}, d.prototype.forceUpdate = function(e2) {
  this.__v && (this.__e = true, e2 && this.__h.push(e2), m(this));
}, d.prototype.render = h, t = [], o = "function" == typeof Promise ? Promise.prototype.then.bind(Promise.resolve()) : setTimeout, g.__r = 0, u = 0;
var L;
var N;
var W;
var R = 0;
var I = [];
var O = n.__b;
var V = n.__r;
var q = n.diffed;
var B = n.__c;
var $ = n.unmount;
function j(e2, _2) {
  n.__h && n.__h(N, e2, R || _2), R = 0;
  var t2 = N.__H || (N.__H = { __: [], __h: [] });
  return e2 >= t2.__.length && t2.__.push({}), t2.__[e2];
}
function G(e2) {
  return R = 1, z(ie, e2);
}
function z(e2, n2, _2) {
  var t2 = j(L++, 2);
  return t2.t = e2, t2.__c || (t2.__ = [_2 ? _2(n2) : ie(void 0, n2), function(e3) {
    var n3 = t2.t(t2.__[0], e3);
    t2.__[0] !== n3 && (t2.__ = [n3, t2.__[1]], t2.__c.setState({}));
  }], t2.__c = N), t2.__;
}
function J(e2, _2) {
  var t2 = j(L++, 3);
  !n.__s && le(t2.__H, _2) && (t2.__ = e2, t2.__H = _2, N.__H.__h.push(t2));
}
function K(e2, _2) {
  var t2 = j(L++, 4);
  !n.__s && le(t2.__H, _2) && (t2.__ = e2, t2.__H = _2, N.__h.push(t2));
}
function Q(e2) {
  return R = 5, Y(function() {
    return { current: e2 };
  }, []);
}
function Y(e2, n2) {
  var _2 = j(L++, 7);
  return le(_2.__H, n2) && (_2.__ = e2(), _2.__H = n2, _2.__h = e2), _2.__;
}
function Z(e2, n2) {
  return R = 8, Y(function() {
    return e2;
  }, n2);
}
function te() {
  I.forEach(function(e2) {
    if (e2.__P) try {
      e2.__H.__h.forEach(re), e2.__H.__h.forEach(ue), e2.__H.__h = [];
    } catch (_2) {
      e2.__H.__h = [], n.__e(_2, e2.__v);
    }
  }), I = [];
}
n.__b = function(e2) {
  N = null, O && O(e2);
}, n.__r = function(e2) {
  V && V(e2), L = 0;
  var n2 = (N = e2.__c).__H;
  n2 && (n2.__h.forEach(re), n2.__h.forEach(ue), n2.__h = []);
}, n.diffed = function(e2) {
  q && q(e2);
  var _2 = e2.__c;
  _2 && _2.__H && _2.__H.__h.length && (1 !== I.push(_2) && W === n.requestAnimationFrame || ((W = n.requestAnimationFrame) || function(e3) {
    var n2, _3 = function() {
      clearTimeout(t2), oe && cancelAnimationFrame(n2), setTimeout(e3);
    }, t2 = setTimeout(_3, 100);
    oe && (n2 = requestAnimationFrame(_3));
  })(te)), N = void 0;
}, n.__c = function(e2, _2) {
  _2.some(function(e3) {
    try {
      e3.__h.forEach(re), e3.__h = e3.__h.filter(function(e4) {
        return !e4.__ || ue(e4);
      });
    } catch (t2) {
      _2.some(function(e4) {
        e4.__h && (e4.__h = []);
      }), _2 = [], n.__e(t2, e3.__v);
    }
  }), B && B(e2, _2);
}, n.unmount = function(e2) {
  $ && $(e2);
  var _2 = e2.__c;
  if (_2 && _2.__H) try {
    _2.__H.__.forEach(re);
  } catch (e3) {
    n.__e(e3, _2.__v);
  }
};
var oe = "function" == typeof requestAnimationFrame;
function re(e2) {
  var n2 = N;
  "function" == typeof e2.__c && e2.__c(), N = n2;
}
function ue(e2) {
  var n2 = N;
  e2.__c = e2.__(), N = n2;
}
function le(e2, n2) {
  return !e2 || e2.length !== n2.length || n2.some(function(n3, _2) {
    return n3 !== e2[_2];
  });
}
function ie(e2, n2) {
  return "function" == typeof n2 ? n2(e2) : n2;
}
var ce = function(e2, n2, _2, t2) {
  var o2;
  n2[0] = 0;
  for (var r2 = 1; r2 < n2.length; r2++) {
    var u2 = n2[r2++], l2 = n2[r2] ? (n2[0] |= u2 ? 1 : 2, _2[n2[r2++]]) : n2[++r2];
    3 === u2 ? t2[0] = l2 : 4 === u2 ? t2[1] = Object.assign(t2[1] || {}, l2) : 5 === u2 ? (t2[1] = t2[1] || {})[n2[++r2]] = l2 : 6 === u2 ? t2[1][n2[++r2]] += l2 + "" : u2 ? (o2 = e2.apply(l2, ce(e2, l2, _2, ["", null])), t2.push(o2), l2[0] ? n2[0] |= 2 : (n2[r2 - 2] = 0, n2[r2] = o2)) : t2.push(l2);
  }
  return t2;
};
var se = /* @__PURE__ */ new Map();
var fe = function(e2) {
  var n2 = se.get(this);
  return n2 || (n2 = /* @__PURE__ */ new Map(), se.set(this, n2)), (n2 = ce(this, n2.get(e2) || (n2.set(e2, n2 = (function(e3) {
    for (var n3, _2, t2 = 1, o2 = "", r2 = "", u2 = [0], l2 = function(e4) {
      1 === t2 && (e4 || (o2 = o2.replace(/^\s*\n\s*|\s*\n\s*$/g, ""))) ? u2.push(0, e4, o2) : 3 === t2 && (e4 || o2) ? (u2.push(3, e4, o2), t2 = 2) : 2 === t2 && "..." === o2 && e4 ? u2.push(4, e4, 0) : 2 === t2 && o2 && !e4 ? u2.push(5, 0, true, o2) : t2 >= 5 && ((o2 || !e4 && 5 === t2) && (u2.push(t2, 0, o2, _2), t2 = 6), e4 && (u2.push(t2, e4, 0, _2), t2 = 6)), o2 = "";
    }, i2 = 0; i2 < e3.length; i2++) {
      i2 && (1 === t2 && l2(), l2(i2));
      for (var c2 = 0; c2 < e3[i2].length; c2++) n3 = e3[i2][c2], 1 === t2 ? "<" === n3 ? (l2(), u2 = [u2], t2 = 3) : o2 += n3 : 4 === t2 ? "--" === o2 && ">" === n3 ? (t2 = 1, o2 = "") : o2 = n3 + o2[0] : r2 ? n3 === r2 ? r2 = "" : o2 += n3 : '"' === n3 || "'" === n3 ? r2 = n3 : ">" === n3 ? (l2(), t2 = 1) : t2 && ("=" === n3 ? (t2 = 5, _2 = o2, o2 = "") : "/" === n3 && (t2 < 5 || ">" === e3[i2][c2 + 1]) ? (l2(), 3 === t2 && (u2 = u2[0]), t2 = u2, (u2 = u2[0]).push(2, 0, t2), t2 = 0) : " " === n3 || "	" === n3 || "\n" === n3 || "\r" === n3 ? (l2(), t2 = 2) : o2 += n3), 3 === t2 && "!--" === o2 && (t2 = 4, u2 = u2[0]);
    }
    return l2(), u2;
  })(e2)), n2), arguments, [])).length > 1 ? n2 : n2[0];
}.bind(a);

// services/common/core/iso4217.json
var iso4217_default = {
  "0": "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
  "2": "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG",
  "3": "BHD IQD JOD KWD LYD OMR TND",
  "4": "UYW"
};

// services/common/pages/shared/format.js
var decimalsOf = new Map(
  Object.entries(iso4217_default).flatMap(
    ([decimals2, codes]) => codes.split(" ").map((code) => [code, Number(decimals2)])
  )
);
var printers = /* @__PURE__ */ new Map();
function decimals(currency2) {
  return decimalsOf.get(currency2);
}
function minorOf(amount, currency2) {
  return Math.round(amount * 10 ** decimalsOf.get(currency2));
}
function amountOf(minor, currency2) {
  return minor / 10 ** decimalsOf.get(currency2);
}
function money(minor, currency2) {
  if (!printers.has(currency2)) {
    const many = decimalsOf.get(currency2);
    const digits = { minimumFractionDigits: many, maximumFractionDigits: many };
    printers.set(currency2, new Intl.NumberFormat("en", { style: "currency", currency: currency2, ...digits }));
  }
  return printers.get(currency2).format(amountOf(minor, currency2));
}
function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
var dayAndTime = {
  day: "numeric",
  month: "long",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23"
};
var thisYear = new Intl.DateTimeFormat("en", dayAndTime);
var anyYear = new Intl.DateTimeFormat("en", { ...dayAndTime, year: "numeric" });
var timeOfDay = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23"
});
function when(time, now = /* @__PURE__ */ new Date()) {
  const then = new Date(time);
  const printer = then.getFullYear() === now.getFullYear() ? thisYear : anyYear;
  return printer.format(then);
}
function clockTimeOn(day, time) {
  const sameDay = new Date(day).toDateString() === new Date(time).toDateString();
  return sameDay ? clockTime(time) : when(time);
}
function clockTime(time) {
  return timeOfDay.format(new Date(time));
}
function minutesLeft(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// services/common/pages/shared/state.js
function createStore(value) {
  const subscribers = /* @__PURE__ */ new Set();
  return {
    get value() {
      return value;
    },
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const notify of [...subscribers]) notify();
    },
    /** Calls `notify` after each change; returns a function that stops that. */
    subscribe(notify) {
      subscribers.add(notify);
      return () => subscribers.delete(notify);
    }
  };
}
function useStore(store) {
  const [, draw2] = G(0);
  K(() => {
    const notify = () => draw2((n2) => n2 + 1);
    const before = store.value;
    const unsubscribe = store.subscribe(notify);
    if (!Object.is(before, store.value)) notify();
    return unsubscribe;
  }, [store]);
  return store.value;
}

// services/common/pages/shared/api.js
var ApiError = class extends Error {
  constructor(status, problem, retryAfter = null) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.code = problem.code || (status ? `http_${status}` : "unreachable");
    this.errors = problem.errors || [];
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
  /** Whether the same call may get through later. */
  get isTransient() {
    return [0, 408, 429, 502, 503, 504, 507].includes(this.status) || ["request_in_progress", "payment_in_progress"].includes(this.code);
  }
};
var clockOffset = 0;
function serverNow() {
  return Date.now() + clockOffset;
}
async function send(method, path, { headers = {}, body, signal, timeoutSeconds = 20 } = {}) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, timeoutSeconds * 1e3);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  try {
    const response = await fetch(path, {
      method,
      headers: body === void 0 ? headers : { ...headers, "Content-Type": "application/json" },
      body: body === void 0 ? void 0 : JSON.stringify(body),
      signal: controller.signal,
      credentials: "omit"
    });
    const text = await response.text();
    adjustClock(response.headers.get("Date"));
    const data = parseJson(text);
    if (response.ok && data !== null) {
      return { status: response.status, data, headers: response.headers };
    }
    if (response.ok) throw new ApiError(502, { detail: "An answer that was cut short" });
    const wait = Number.parseFloat(response.headers.get("Retry-After"));
    throw new ApiError(response.status, data || {}, Number.isFinite(wait) ? wait : null);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (signal?.aborted) throw new DOMException("No longer wanted", "AbortError");
    throw new ApiError(0, { detail: "No answer" });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
function adjustClock(date) {
  const ahead = date ? Date.parse(date) - Date.now() : Number.NaN;
  if (Number.isFinite(ahead)) clockOffset = Math.abs(ahead) > 1500 ? ahead : 0;
}

// services/storefront/pages/state/storage.js
var PREFIX = "tuckshop.";
var unstored = /* @__PURE__ */ new Map();
function loadItem(name, kind = "localStorage") {
  if (unstored.has(name)) return unstored.get(name);
  try {
    return JSON.parse(window[kind].getItem(PREFIX + name));
  } catch {
    return null;
  }
}
function saveItem(name, value, kind = "localStorage") {
  unstored.delete(name);
  try {
    if (value === null) window[kind].removeItem(PREFIX + name);
    else window[kind].setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    unstored.set(name, value);
  }
}
function onStorageChange(name, listener) {
  window.addEventListener("storage", (event) => {
    if (event.key === PREFIX + name || event.key === null) listener(loadItem(name));
  });
}

// services/storefront/pages/state/tabs.js
var channel = "BroadcastChannel" in window ? new BroadcastChannel("tuckshop") : null;
var listeners = /* @__PURE__ */ new Map();
channel?.addEventListener("message", ({ data }) => listeners.get(data.topic)?.(data.message));
function tellOtherTabs(topic, message = null) {
  channel?.postMessage({ topic, message });
}
function onTabMessage(topic, listener) {
  listeners.set(topic, listener);
}
function withTabLock(name, work) {
  return navigator.locks ? navigator.locks.request(`tuckshop.${name}`, work) : work();
}

// services/storefront/pages/state/session.js
var CHECK_MILLISECONDS = 3e4;
var session = createStore(loadItem("session"));
var sessionWasReplaced = createStore(false);
async function currentToken() {
  const mine = session.value;
  if (mine && Date.parse(mine.expires_at) - Date.now() > 5e3) return mine.token;
  return (await renew(mine)).token;
}
async function replaceToken(refused) {
  const mine = session.value;
  return (mine && mine.token !== refused ? mine : await renew(mine)).token;
}
function keepSessionFresh() {
  onStorageChange("session", (other) => session.set(other));
  const check = () => {
    const mine = session.value;
    if (!mine || document.hidden) return;
    const half = (Date.parse(mine.expires_at) + mine.since) / 2;
    if (Date.now() > half) renew(mine).catch(() => {
    });
  };
  setInterval(check, CHECK_MILLISECONDS);
  document.addEventListener("visibilitychange", check);
}
var renewing = null;
function renew(old) {
  renewing ??= withTabLock("session", () => exchange(old)).finally(() => {
    renewing = null;
  });
  return renewing;
}
async function exchange(old) {
  const latest = loadItem("session");
  if (latest && latest.token !== old?.token) {
    session.set(latest);
    return latest;
  }
  let answer;
  try {
    answer = await send("POST", "/api/session", {
      headers: old ? { "X-API-Key": old.token } : {}
    });
  } catch (error) {
    if (error.status !== 401 || !old) throw error;
    answer = await send("POST", "/api/session");
  }
  const fresh = { ...answer.data, since: Date.now() };
  if (old && old.user_id !== fresh.user_id) sessionWasReplaced.set(true);
  saveItem("session", fresh);
  session.set(fresh);
  return fresh;
}

// services/storefront/pages/state/call.js
var MAX_RETRY_SECONDS = 10;
var connectionIssue = createStore(null);
var waiting = /* @__PURE__ */ new Map();
async function call(method, path, options = {}) {
  const me = Symbol(method);
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await callOnce(method, path, options);
      } catch (error) {
        if (!(error instanceof ApiError && error.isTransient)) throw error;
        await waitToRetry(me, path, error, attempt, options.signal);
      }
    }
  } finally {
    if (waiting.delete(me)) publishIssue();
  }
}
async function callList(path, limit, signal) {
  const url = new URL(path, location.origin);
  const items = [];
  let after = url.searchParams.get("after");
  do {
    url.searchParams.set("limit", limit - items.length);
    if (after) url.searchParams.set("after", after);
    const { data, headers } = await call("GET", url.pathname + url.search, { signal });
    items.push(...data);
    const next = /<([^>]*)>;\s*rel="next"/.exec(headers.get("Link") || "");
    after = next && new URL(next[1], location.origin).searchParams.get("after");
  } while (after && items.length < limit);
  return { items, after };
}
async function callOnce(method, path, { body, key, signal, withoutToken }) {
  if (withoutToken) return send(method, `/api${resolvePath(path)}`, { body, signal });
  const attempt = (token2) => {
    const headers = { "X-API-Key": token2 };
    if (key) headers["Idempotency-Key"] = key;
    return send(method, `/api${resolvePath(path)}`, { headers, body, signal });
  };
  const token = await currentToken();
  try {
    return await attempt(token);
  } catch (error) {
    if (error.status !== 401) throw error;
    return attempt(await replaceToken(token));
  }
}
function resolvePath(path) {
  return typeof path === "function" ? path(session.value?.user_id ?? "") : path;
}
function waitToRetry(me, path, error, attempt, signal) {
  const backoff = Math.min(2 ** attempt, MAX_RETRY_SECONDS);
  const seconds = Math.min(Math.max(error.retryAfter ?? 0, backoff), MAX_RETRY_SECONDS);
  return new Promise((resolve, reject) => {
    const end = (settle) => () => {
      clearTimeout(timer);
      window.removeEventListener("online", retryNow);
      signal?.removeEventListener("abort", stop);
      settle();
    };
    const retryNow = end(resolve);
    const stop = end(() => reject(new DOMException("No longer wanted", "AbortError")));
    const timer = setTimeout(retryNow, seconds * 1e3);
    window.addEventListener("online", retryNow);
    signal?.addEventListener("abort", stop);
    if (error.code.endsWith("_in_progress")) return;
    waiting.set(me, {
      kind: error.status === 0 ? "offline" : error.status === 429 ? "busy" : "away",
      resource: resolvePath(path).split(/[/?]/)[1],
      retryAt: Date.now() + seconds * 1e3,
      retryNow
    });
    publishIssue();
  });
}
function publishIssue() {
  const all = [...waiting.values()];
  const worst = all.find((one) => one.kind === "offline") ?? all.at(-1);
  connectionIssue.set(worst ? { ...worst, retryNow: retryAllNow } : null);
}
function retryAllNow() {
  for (const { retryNow } of [...waiting.values()]) retryNow();
}

// services/storefront/pages/state/random-id.js
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// services/storefront/pages/state/cart.js
var EMPTY = { items: [], currency: "USD", version: 0 };
var cart = createStore(session.value ? null : EMPTY);
var cartError = createStore(null);
var seenPrices = createStore(loadItem("seen") || {});
var pendingQuantities = /* @__PURE__ */ new Map();
var sending = null;
function watchCart() {
  onTabMessage("cart", (other) => {
    const newer = other.version >= (cart.value?.version ?? 0);
    if (!sending && newer && other.user_id === session.value?.user_id) cart.set(other);
  });
  onStorageChange("seen", (seen) => seenPrices.set(seen || {}));
  session.subscribe(
    () => cart.value?.user_id && cart.value.user_id !== session.value?.user_id && loadCart()
  );
  connectionIssue.subscribe(() => connectionIssue.value === null && loadCart());
  document.addEventListener("visibilitychange", () => document.hidden || loadCart());
  loadCart();
}
async function loadCart() {
  if (!session.value || sending) return;
  const { data } = await call("GET", (user) => `/cart/${encodeURIComponent(user)}`);
  if (!sending) applyAnswer(data);
}
function unitsInCart(value, productId) {
  return value?.items.find((item) => item.product_id === productId)?.quantity ?? 0;
}
function cartTotal(value) {
  return value.items.reduce((sum, item) => sum + (item.price ?? 0) * item.quantity, 0);
}
async function addToCart(productId, quantity) {
  const { data } = await call("POST", (user) => `/cart/${encodeURIComponent(user)}/add`, {
    body: { product_id: productId, quantity },
    key: randomId()
  });
  applyAnswer({ ...data, items: data.cart });
}
function setQuantity(productId, quantity) {
  pendingQuantities.set(productId, quantity);
  cartError.set(null);
  cart.set({ ...cart.value, items: withPending(cart.value.items) });
  sending ??= sendPending().finally(() => {
    sending = null;
    loadCart();
  });
  return sending;
}
function acceptPrices() {
  rememberPrices(cart.value.items, {});
}
async function sendPending() {
  while (pendingQuantities.size > 0) {
    const [productId, quantity] = pendingQuantities.entries().next().value;
    try {
      const { data } = await call(
        "PUT",
        (user) => `/cart/${encodeURIComponent(user)}/items/${productId}`,
        {
          body: { quantity }
        }
      );
      if (pendingQuantities.get(productId) === quantity) pendingQuantities.delete(productId);
      applyAnswer(data);
    } catch (error) {
      pendingQuantities.delete(productId);
      cartError.set(error);
    }
  }
}
function withPending(items) {
  return items.map((item) => ({ ...item, quantity: pendingQuantities.get(item.product_id) ?? item.quantity })).filter((item) => item.quantity > 0);
}
function applyAnswer({ items: answered, currency: currency2, version }) {
  const items = withPending(
    answered.map((item) => ({
      ...item,
      price: item.price === null ? null : minorOf(item.price, currency2)
    }))
  );
  const next = { items, currency: currency2, version, user_id: session.value?.user_id };
  cart.set(next);
  rememberPrices(items, seenPrices.value);
  tellOtherTabs("cart", next);
}
function rememberPrices(items, before) {
  const priced = items.filter((item) => item.price !== null);
  const seen = Object.fromEntries(
    priced.map((item) => [item.product_id, before[item.product_id] ?? item.price])
  );
  seenPrices.set(seen);
  saveItem("seen", seen);
}

// services/storefront/pages/state/announce.js
var announcement = createStore("");
function announce(sentence) {
  announcement.set(sentence === announcement.value ? `${sentence} ` : sentence);
}

// services/storefront/pages/state/purchase.js
var REPEAT_MILLISECONDS = 1e3;
var purchase = createStore(loadItem("purchase"));
var outcome = createStore(null);
onTabMessage("purchase", (other) => outcome.set(outcomeFromTab(other)));
onStorageChange("purchase", (other) => purchase.set(other));
function useOutcome() {
  const before = Q(outcome.value);
  const now = useStore(outcome);
  return now?.paid && now === before.current ? null : now;
}
function buyCart(total, currency2) {
  return startStep({
    stage: "order",
    // No total is nothing that could be expected: the till says why it takes no such order.
    body: {
      user_id: session.value.user_id,
      expected_total: amountOf(total, currency2) || void 0
    },
    units: unitsIn(cart.value)
  });
}
function payOrder(order) {
  return startStep(payStep(order));
}
function resumePurchase() {
  if (purchase.value) withTabLock("purchase", runSteps);
}
function startStep(step) {
  if (purchase.value) return;
  outcome.set(null);
  saveStep({ ...step, key: randomId() });
  resumePurchase();
}
function payStep(order) {
  return { stage: "pay", body: { order_id: order.order_id, amount: order.total_amount } };
}
async function runSteps() {
  let step = loadItem("purchase");
  purchase.set(step);
  while (step !== null) {
    try {
      step = await (step.stage === "order" ? placeOrder(step) : makePayment(step));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      endPurchase({
        stage: step.stage,
        order_id: step.body.order_id ?? error.problem.order_id,
        error
      });
      step = null;
    }
    saveStep(step);
    loadCart();
  }
}
async function placeOrder(step) {
  let answer;
  try {
    answer = await call("POST", "/orders", { body: step.body, key: step.key });
  } catch (error) {
    if (error.code !== "order_pending") throw await seenFromCart(error, step);
    return saveAndWait({ ...step, key: randomId(), waiting: "order_pending" });
  }
  const order = answer.data;
  if (answer.status === 202) return saveAndWait({ ...step, waiting: "shelf" });
  tellOtherTabs("orders");
  if (order.status === "PAID") return endAsPaid(order.order_id);
  const expected = order.total_amount === step.body.expected_total;
  if (order.status !== "CREATED" || !expected) {
    throw new ApiError(409, { code: "ordered_before", order_id: order.order_id });
  }
  return { ...payStep(order), key: randomId() };
}
async function seenFromCart(error, { units }) {
  const { status, code, problem } = error;
  if (code === "product_not_found") return new ApiError(status, { ...problem, code: "cart_gone" });
  if (code !== "price_changed") return error;
  if (units === void 0) return error;
  await loadCart().catch(() => {
  });
  if (unitsIn(cart.value) === units) return error;
  return new ApiError(status, { ...problem, code: "cart_changed" });
}
function unitsIn({ items }) {
  return items.map((item) => `${item.quantity} of ${item.product_id}`).join();
}
async function makePayment(step) {
  try {
    const { status } = await call("POST", "/pay", { body: step.body, key: step.key });
    if (status === 202) return saveAndWait({ ...step, waiting: "till" });
  } catch (error) {
    if (error.code !== "already_paid") throw error;
  }
  return endAsPaid(step.body.order_id);
}
async function saveAndWait(step) {
  saveStep(step);
  await new Promise((resolve) => setTimeout(resolve, REPEAT_MILLISECONDS));
  return step;
}
function endAsPaid(orderId) {
  endPurchase({ order_id: orderId, paid: true });
  announce("Your order is paid.");
  return null;
}
function saveStep(step) {
  saveItem("purchase", step);
  purchase.set(step);
}
function endPurchase(result) {
  outcome.set(result);
  const { error, ...rest } = result;
  tellOtherTabs(
    "purchase",
    error ? { ...rest, status: error.status, problem: error.problem } : rest
  );
  tellOtherTabs("orders");
}
function outcomeFromTab({ status, problem, ...rest }) {
  return problem ? { ...rest, error: new ApiError(status, problem) } : rest;
}

// services/storefront/pages/state/router.js
var scrollPositions = loadItem("scroll", "sessionStorage") || {};
var route = createStore(readRoute());
var arrived = { key: null, path: null };
var goingBack = false;
function readRoute() {
  const { key = "first", cartOpen = false, shownCount = 0 } = history.state || {};
  return { path: location.pathname, query: location.search, key, cartOpen, shownCount };
}
function startRouter() {
  history.scrollRestoration = "manual";
  window.addEventListener("popstate", () => {
    goingBack = false;
    rememberScroll();
    route.set(readRoute());
  });
  window.addEventListener("pagehide", rememberScroll);
  document.addEventListener("visibilitychange", rememberScroll);
  document.addEventListener("click", followLink);
}
function followLink(event) {
  const link = event.target.closest?.("a[href^='/']");
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!link || !plain || event.defaultPrevented) return;
  event.preventDefault();
  navigate(link.getAttribute("href"), { replace: route.value.cartOpen });
}
function rememberScroll() {
  scrollPositions[route.value.key] = Math.round(window.scrollY);
  saveItem("scroll", scrollPositions, "sessionStorage");
}
function navigate(url, { replace = false } = {}) {
  rememberScroll();
  const state = { key: randomId(), cartOpen: false };
  history[replace ? "replaceState" : "pushState"](state, "", url);
  route.set(readRoute());
}
function openCart() {
  if (route.value.cartOpen) return;
  rememberScroll();
  const state = { ...history.state, key: route.value.key, cartOpen: true, overPage: true };
  history.pushState(state, "");
  route.set(readRoute());
}
function closeCart() {
  if (!route.value.cartOpen || goingBack) return;
  goingBack = Boolean(history.state?.overPage);
  if (goingBack) history.back();
  else navigate(location.pathname + location.search, { replace: true });
}
function rememberShownCount(shownCount) {
  if (history.state?.shownCount === shownCount || !route.value) return;
  history.replaceState({ key: route.value.key, ...history.state, shownCount }, "");
}
function useRouteArrival(ready, title) {
  const { key, path } = route.value;
  K(() => {
    document.title = title ? `${title} · Tuckshop` : "Tuckshop";
  }, [title]);
  K(() => {
    if (!ready || arrived.key === key) return;
    const before = arrived;
    arrived = { key, path };
    if (before.path === path && !(key in scrollPositions)) return;
    window.scrollTo(0, scrollPositions[key] || 0);
    if (before.path !== null && before.path !== path) {
      document.querySelector("main h1")?.focus({ preventScroll: true });
    }
  }, [ready, key, path]);
}

// services/storefront/pages/state/filters.js
var SORT_OPTIONS = [
  ["id", "As on the shelves"],
  ["name", "Name"],
  ["price", "Lowest price"],
  ["-price", "Highest price"],
  ["newest", "Newest"]
];
var LARGEST_PRICE = 10 ** 10;
function parseFilters(query) {
  const parameters = new URLSearchParams(query);
  const get = (name) => parameters.get(name) || "";
  const sort = SORT_OPTIONS.some(([key]) => key === get("sort")) ? get("sort") : "id";
  return {
    q: get("q"),
    category: get("category"),
    min: get("min"),
    max: get("max"),
    stock: get("stock"),
    sort
  };
}
function shelfUrl(filters) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (value && !(name === "sort" && value === "id")) parameters.set(name, value);
  }
  const query = parameters.toString();
  return query ? `/?${query}` : "/";
}
function apiQuery({ q: q2, category, min, max, stock, sort }, currency2) {
  const parameters = new URLSearchParams();
  if (q2.trim()) parameters.set("q", q2.trim().slice(0, 200));
  if (category) parameters.set("category", category.slice(0, 200));
  if (isPrice(min, currency2)) parameters.set("min_price", normalPrice(min));
  if (isPrice(max, currency2)) parameters.set("max_price", normalPrice(max));
  if (stock) parameters.set("in_stock", "true");
  if (sort !== "id") parameters.set("sort", sort);
  return parameters.toString();
}
function categoryQuery(filters, currency2) {
  return apiQuery({ ...filters, category: "", sort: "id" }, currency2);
}
function isPrice(text, currency2) {
  if (currency2 === null) return false;
  const fraction = decimals(currency2) ? `([.,]\\d{1,${decimals(currency2)}})?` : "";
  const isNumber = new RegExp(`^\\d{1,11}${fraction}$`).test(text);
  return isNumber && minorOf(normalPrice(text), currency2) <= LARGEST_PRICE;
}
function examplePrice(currency2) {
  return decimals(currency2) ? `2 or ${2.5.toFixed(decimals(currency2))}` : "250";
}
function normalPrice(text) {
  return String(Number(text.replace(",", ".")));
}

// services/storefront/pages/components/header.js
var TYPING_PAUSE = 250;
function Header() {
  const { path } = useStore(route);
  return fe`<a class="skip" href="#main" onClick=${skip}>To what is on this page</a>
    <div class="awning" aria-hidden="true"></div>
    <header class="header">
      <div class="bar">
        <a class="brand" href="/">Tuckshop</a>
        <nav class="header-links" aria-label="Your things">
          <a href="/orders" aria-current=${path.startsWith("/orders") ? "page" : void 0}>My orders</a>
          <${CartButton} />
        </nav>
      </div>
      <${Search} />
    </header>`;
}
function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}
function CartButton() {
  const { cartOpen } = useStore(route);
  const items = useStore(cart)?.items ?? [];
  const units = items.reduce((sum, item) => sum + item.quantity, 0);
  return fe`<button
    class="cart-button"
    type="button"
    aria-haspopup="dialog"
    aria-expanded=${cartOpen}
    onClick=${openCart}
  >
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <path d="M3 9h18l-2 11H5zM8 9l3-6M16 9l-3-6" />
    </svg>
    <span class="cart-word">Cart</span>${" "}
    <span class="cart-count count" key=${units}>${units}</span>
    <span class="unseen">${units === 1 ? " thing" : " things"}</span>
  </button>`;
}
function Search() {
  const { path, query } = useStore(route);
  const filters = parseFilters(query);
  const searched = path === "/" ? filters.q : "";
  const [text, setText] = G(searched);
  const timer = Q(0);
  J(() => setText(searched), [searched, path]);
  const search = (q2, replace) => {
    clearTimeout(timer.current);
    const within = path === "/" ? filters : {};
    if (path !== "/" || q2.trim() !== searched)
      navigate(shelfUrl({ ...within, q: q2.trim() }), { replace });
  };
  const typed = (event) => {
    const q2 = event.currentTarget.value;
    setText(q2);
    clearTimeout(timer.current);
    if (path === "/") timer.current = setTimeout(() => search(q2, searched !== ""), TYPING_PAUSE);
  };
  return fe`<form
    class="search"
    role="search"
    onSubmit=${(event) => {
    event.preventDefault();
    search(text, false);
  }}
  >
    <input
      class="field"
      type="search"
      name="q"
      maxlength="200"
      autocomplete="off"
      aria-label="Search the shelves"
      placeholder="Search the shelves"
      dir="auto"
      value=${text}
      onInput=${typed}
    />
  </form>`;
}

// services/storefront/pages/texts.js
var SENTENCES = {
  insufficient_stock: [
    "Not enough on the shelf",
    "Somebody was quicker. Nothing was ordered and nothing paid; the lines in question are marked."
  ],
  cart_empty: [
    "Your cart is empty",
    "There is nothing to order in it. Perhaps another tab has ordered it already: see your orders."
  ],
  order_closed: [
    "This order is closed",
    "It was cancelled, or its time to pay ran out. Nothing was paid, and everything is back on the shelf."
  ],
  ordered_before: [
    "This cart has been ordered already",
    "It is among your orders, where you can pay or cancel it. It was not ordered twice."
  ],
  already_paid: ["This order is paid already", "Nothing was taken a second time."],
  amount_mismatch: [
    "The amount was not that of the order",
    "Nothing was paid. Look at the order once more, then pay what it says."
  ],
  too_many_unpaid_orders: [
    "Too many of your orders are not paid yet",
    "Nothing was ordered, and your cart is as it was. Pay or cancel one under My orders, or wait until one runs out."
  ],
  too_many_unpaid_units: [
    "That is more than may be kept aside for you",
    "Nothing was ordered, and your cart is as it was. Pay or cancel an order under My orders, or take fewer."
  ],
  too_many_unpaid_orders_at_address: [
    "Too many orders from your network are not paid yet",
    "Nothing was ordered, and your cart is as it was. Pay or cancel what you have ordered, or try again in a few minutes."
  ],
  too_many_unpaid_units_at_address: [
    "That is more than may be kept aside for your network",
    "Nothing was ordered, and your cart is as it was. Take fewer, pay or cancel what you have ordered, or try again in a few minutes."
  ],
  order_not_found: [
    "There is no such order",
    "Perhaps the link is cut short, or the order was made in another browser: orders stay with the one they were made in."
  ],
  order_not_cancellable: [
    "This order can no longer be cancelled",
    "It is paid, or closed already. What it says below is how it stands."
  ],
  product_not_found: [
    "This is no longer sold",
    "It has left the shelves, or the link to it is cut short."
  ],
  cart_gone: [
    "Something in your cart is no longer sold",
    "Nothing was ordered and nothing paid. It is marked, and not in the total: take it out, and order the rest."
  ],
  order_total_zero: [
    "This order would cost nothing",
    "The till takes no order of zero. Add something that has a price."
  ],
  too_many_units: ["That is more than one line may have", "A line holds up to 1,000 of a thing."],
  too_many_lines: [
    "The cart is full",
    "It holds up to 100 different things. Order these first, then come back for the rest."
  ],
  user_not_found: [
    "Your visit has begun afresh",
    "What was to be ordered belonged to an earlier visit. Nothing was ordered."
  ],
  idempotency_key_reused: [
    "This was sent once before, with other things in it",
    "Nothing was done this time. Look at your orders, then try again."
  ]
};
function describeError(error) {
  if (error.code === "price_changed")
    return { title: "A price has changed", text: totalWords(error) };
  if (error.code === "cart_changed") {
    const text2 = `Something was put in or taken out, perhaps on another device. ${totalWords(error)}`;
    return { title: "Your cart has changed", text: text2 };
  }
  const [title, text] = SENTENCES[error.code] || [
    "That did not work",
    `The shop says: ${error.message.replace(/\.$/, "")}. Nothing was changed.`
  ];
  return { title, text };
}
function totalWords(error) {
  const { total_amount: total, currency: currency2 } = error.errors.find((one) => one.currency) ?? {};
  const now = currency2 ? ` The total is ${money(minorOf(total, currency2), currency2)} now.` : "";
  return `Nothing was ordered and nothing paid.${now} Order again if that suits you.`;
}
var AWAY = {
  products: "The shelves cannot be reached just now. Your cart is safe.",
  categories: "The shelves cannot be reached just now. Your cart is safe.",
  cart: "The cart cannot be reached just now. What is in it is safe.",
  orders: "The order book is being fetched. Your cart is safe.",
  pay: "The till is restarting. Your order is safe, and nothing is taken twice.",
  payments: "The till is restarting. Your order is safe.",
  session: "The shop is just opening."
};
function describeConnectionIssue({ kind, resource }) {
  if (kind === "offline")
    return "The connection is lost. What you see may be out of date; your cart is safe.";
  if (kind === "busy") return "That was a lot at once, and the shop asks for a moment.";
  return AWAY[resource] || "The shop does not answer just now. Your cart is safe.";
}
var EVENTS = {
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
  order_total_zero: "Nothing to pay"
};
function describeEvent(cause) {
  const known = EVENTS[cause];
  return known || cause.charAt(0).toUpperCase() + cause.slice(1).replaceAll("_", " ");
}
var STATUSES = {
  CREATED: ["Not paid yet", "low"],
  PAID: ["Paid", "there"],
  REFUNDED: ["Refunded", "soft"],
  CANCELLED: ["Cancelled", "soft"],
  REJECTED: ["Not possible", "act"]
};
function describeStatus(status) {
  const [text, tone] = STATUSES[status] || [status, "soft"];
  return { text, tone };
}
var REASONS = {
  customer_request: "You cancelled it. Everything is back on the shelf.",
  operator_request: "The shop cancelled it. Nothing was paid.",
  expired: "It was not paid in time. Everything is back on the shelf.",
  insufficient_stock: "There was not enough on the shelf. Nothing was paid.",
  price_changed: "The total had changed. Nothing was paid.",
  product_not_found: "Something in it is no longer sold. Nothing was paid."
};
function explainStatus(order) {
  if (order.status === "PAID") return "It is paid, and your things are yours.";
  if (order.status === "REFUNDED") return "The money is on its way back to you.";
  return REASONS[order.reason] ?? "";
}
function describeStock(stock) {
  if (stock === 0) return { text: "Sold out", tone: "act" };
  if (stock <= 5) return { text: `Only ${stock} left`, tone: "low" };
  return { text: `${stock.toLocaleString("en")} in stock`, tone: "there" };
}

// services/storefront/pages/components/notices.js
function Notices() {
  return fe`<p class="unseen" role="status">${useStore(announcement)}</p>
    <${ConnectionStrip} /><${NewSessionStrip} />`;
}
function ConnectionStrip() {
  const now = useStore(connectionIssue);
  const [, tick] = G(0);
  J(() => {
    if (!now) return void 0;
    const timer = setInterval(() => tick((n2) => n2 + 1), 250);
    return () => {
      clearInterval(timer);
      if (!connectionIssue.value) announce("The shop answers again.");
    };
  }, [Boolean(now)]);
  if (!now) return fe`<div class="strip-place" role="status"></div>`;
  const seconds = Math.max(0, Math.ceil((now.retryAt - Date.now()) / 1e3));
  return fe`<div class="strip-place" role="status">
    <div class="strip">
      <p>
        ${describeConnectionIssue(now)}${" "}
        <span class="count" aria-hidden="true"
          >${seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again now."}</span
        >
      </p>
      <button class="button quiet" type="button" onClick=${now.retryNow}>Try now</button>
    </div>
  </div>`;
}
function NewSessionStrip() {
  if (!useStore(sessionWasReplaced)) return null;
  return fe`<div class="strip-place" role="status">
    <div class="strip">
      <p>You were away for so long that your visit has begun afresh, with an empty cart.</p>
      <button class="button quiet" type="button" onClick=${() => sessionWasReplaced.set(false)}>All right</button>
    </div>
  </div>`;
}
function ErrorNote({ error, children }) {
  const { title, text } = describeError(error);
  return fe`<div class="note" role="alert">
    <h2>${title}</h2>
    <p>${text}</p>
    ${children && fe`<div class="actions">${children}</div>`}
  </div>`;
}
function EmptyState({ title, children }) {
  return fe`<div class="empty-state">
    <svg class="empty-state-picture" viewBox="0 0 160 90" aria-hidden="true">
      <path class="plank-line" d="M0 70h160v8H0z" /><path class="plank-line" d="M18 78h8v12h-8zM134 78h8v12h-8z" />
      <path class="mouse-tail" d="M104 66q18 4 17-12-1-9 8-10" />
      <path class="mouse" d="M38 69q5-14 19-17 10-11 25-9 22 3 25 27z" /><circle class="mouse-ear" cx="62" cy="47" r="7.5" />
      <circle class="mouse-eye" cx="51" cy="61" r="1.8" /><circle class="mouse-eye" cx="39" cy="68" r="2.2" />
    </svg>
    <h2>${title}</h2>
    ${children}
  </div>`;
}

// services/storefront/pages/pictures/keywords.js
var SHAPE_WORDS = [
  [/\b(bar|soap|nougat)\b/, "bar"],
  [/\b(fudge|creams?|truffles?|pralines?|gift|set|candles?|cups?|pillows?|throw)\b/, "box"],
  [/\b(laces|wheels?|ribbons?|cards?|stickers?|pens?|pencils?|keyring)\b/, "card"],
  [
    /\b(loaf|bread|rolls?|buns?|scones?|croissants?|slices?|cakes?|muffins?|pies?|tarts?|bagels?|bakes?)\b/,
    "cloche"
  ],
  [/\b(tea|shortbread|cocoa|tins?|drinking|chocolate|mints?|sardines|paint|balm|polish)\b/, "tin"],
  [
    /\b(juice|beer|cordial|oil|passata|lemonade|syrup|wine|water|soda|vinegar|sauce|squash|ale|cider|shampoo)\b/,
    "bottle"
  ],
  [
    /\b(beans?|coffee|oats|lentils|flour|rice|sugar|biscuits?|bags?|crisps|nuts?|pasta|muesli|cotton|soil)\b/,
    "bag"
  ],
  [
    /\b(jams?|honey|pickles?|mustard|marmalade|chutney|balls|drops|lemons|custard|jar|preserve|humbugs|butter)\b/,
    "jar"
  ],
  [
    /\b(shirt|top|jacket|jumper|blouse|tee|tuxedo|sweater|hoodie|dress|coat|skirt|apron)s?\b/,
    "garment"
  ],
  [/\b(pots?|plants?|planter|herbs?|watering|trowel|flowers?|garden)\b/, "pot"],
  [/\bsweets?\b/, "jar"],
  [/\bbakery\b/, "cloche"],
  [/\bdrinks?\b/, "bottle"],
  [/\b(pantry|food|grocer(y|ies))\b/, "bag"],
  [/\b(wo)?men\b/, "garment"]
];
var TONE_WORDS = [
  [/\bliquorice|\bblack|\bcharcoal/, [0.34, 0.02, 330]],
  [/\brhubarb/, [0.72, 0.13, 10]],
  [/\bstrawberry|\bcherry|\btomato|\bred\b|\baniseed/, [0.58, 0.19, 25]],
  [/\braspberr|\bcranberr|\bpink|\brose\b/, [0.68, 0.14, 0]],
  [/\bviolet|\bplum|\blavender|\bpurple|\bblackberr|\bgrape/, [0.52, 0.13, 310]],
  [/\bpear|\belderflower|\blime\b/, [0.83, 0.12, 110]],
  [/\bapple/, [0.74, 0.14, 120]],
  [/\bpickles?|\bmint|\bgreen|\bgarden|\bherb/, [0.62, 0.12, 145]],
  [/\bolive/, [0.5, 0.09, 118]],
  [/\blentil/, [0.5, 0.06, 130]],
  [/\blemon|\byellow|\bbanana/, [0.87, 0.15, 98]],
  [/\bcustard|\bcream|\bvanilla|\bwhite/, [0.9, 0.05, 90]],
  [/\bhoney|\bgold|\bapricot|\bpeach/, [0.77, 0.15, 75]],
  [/\bginger|\borange|\bcarrot|\bcopper|\bpumpkin/, [0.69, 0.15, 58]],
  [/\bmustard/, [0.74, 0.14, 88]],
  [/\bcaramel|\bfudge|\bcinnamon|\bclay|\bterracotta/, [0.64, 0.11, 55]],
  [/\bchocolate|\bcoffee|\bcocoa|\bbrown|\bleather/, [0.4, 0.06, 48]],
  [/\btea\b/, [0.45, 0.1, 28]],
  [/\boats|\bseeded|\bloaf|\bwood|\bshortbread|\bscone|\balmond|\bbiscuit/, [0.76, 0.09, 72]],
  [/\bocean|\bblue|\bdenim|\bsea\b/, [0.55, 0.1, 245]],
  [/\bnavy|\bmidnight/, [0.38, 0.08, 260]],
  [/\bgr[ea]y|\bsilver|\bzipped/, [0.6, 0.015, 260]]
];
var EMBLEM_WORDS = [
  [/\bpear/, "pear"],
  [/\blemon|\blime\b|\borange|\bcitrus/, "lemon"],
  [/\bstrawberry|\braspberr|\bberr(y|ies)|\bcherry|\btomato|\bapple|\bplum/, "berry"],
  [/\bhoney/, "comb"],
  [/\bviolet|\belderflower|\bflower|\brose|\bfloral|\blavender/, "flower"],
  [/\bwheels?|\bcinnamon|\bswirl/, "spiral"],
  [
    /\boats|\bloaf|\bbread|\brolls?|\bseeded|\bshortbread|\bflour|\bbiscuit|\bmustard|\bbakery/,
    "wheat"
  ],
  [/\btea\b|\bolive|\brhubarb|\bpickle|\blentil|\bmint|\bherb|\bplant|\bgarden/, "leaf"],
  [/\bcoffee|\bbeans?|\bcocoa|\bchocolate|\balmond/, "bean"],
  [/\bginger|\baniseed|\bchil+i|\bspice/, "star"],
  [/\bsalted|\boil|\bwater|\bsherbet|\bsea\b|\bocean/, "drop"],
  [/\bsofa|\bchair|\barmchair|\bbeanbag|\bbed/, "chair"],
  [/\blight|\blamp|\bcandle|\bled\b/, "lamp"],
  [/\bdrawers|\btable|\bfence|\bslats/, "table"]
];

// services/storefront/pages/pictures/choose-picture.js
var FORMS = ["square", "oval", "arch", "ribbon", "shield"];
var PATTERNS = ["plain", "stripes", "dots", "checks", "waves", "bands"];
var OTHER_SHAPES = ["box", "tin", "bag", "jar", "card"];
function choosePicture({ id, name, category, description }) {
  const seed = hash(`${id} ${name} ${category}`);
  const pick = (n2, salt) => hash(`${salt} ${seed}`) % n2;
  const by = (table, last) => find(table, name, last) ?? find(table, category, last);
  const other = [0.62, 0.11, pick(360, "hue")];
  const tone = by(TONE_WORDS, false) ?? other;
  const shape = by(SHAPE_WORDS, true) ?? find(SHAPE_WORDS, description, false) ?? OTHER_SHAPES[pick(OTHER_SHAPES.length, "shape")];
  return {
    shape,
    tone,
    // What lies in a jar keeps to the light tones.
    second: secondTone(tone, pick(shape === "jar" ? 3 : 4, "second")),
    emblem: by(EMBLEM_WORDS, true) ?? null,
    form: FORMS[pick(FORMS.length, "form")],
    pattern: PATTERNS[pick(PATTERNS.length, "pattern")],
    words: labelWords(name),
    wide: pick(201, "wide") / 100 - 1,
    tall: pick(201, "tall") / 100 - 1,
    pick
  };
}
function find(table, text, last) {
  const words = (text || "").toLowerCase().split(" ");
  const found = (last ? words.reverse() : words).map(
    (word) => table.find(([known]) => known.test(word))
  );
  return found.find(Boolean)?.[1];
}
function secondTone([, , hue], turn) {
  return [
    [0.88, 0.07, (hue + 40) % 360],
    [0.9, 0.06, 85],
    [0.8, 0.09, (hue + 320) % 360],
    [0.42, 0.06, (hue + 150) % 360]
  ][turn];
}
function labelWords(name) {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word && !/^(and|of|the|with)$/i.test(word));
  const few = words.slice(-3);
  if (few.length && few.every((word) => word.length <= 11)) return few;
  return [
    few.map((word) => [...word][0]).join("").toUpperCase() || "?"
  ];
}
function hash(text) {
  let value = 2166136261;
  for (let i2 = 0; i2 < text.length; i2 += 1) {
    value = Math.imul(value ^ text.charCodeAt(i2), 16777619);
  }
  value = Math.imul(value ^ value >>> 15, 739982445);
  return (value ^ value >>> 13) >>> 0;
}

// services/storefront/pages/pictures/cloche.js
var BAKES = [
  [
    /loaf|bread/,
    () => fe`<path class="a" d="M34 172q-6-34 46-34t46 34q0 8-8 8H42q-8 0-8-8z" />
    <path class="stroke-pale" d="M54 148l8 14M74 143l8 14M94 144l8 14" />`
  ],
  [
    /roll|bagel/,
    () => fe`<ellipse class="a" cx="58" cy="163" rx="24" ry="18" /><ellipse class="a" cx="104" cy="163" rx="24" ry="18" />
    <ellipse class="pale" cx="81" cy="149" rx="25" ry="18" />
    <path class="seeds" d="M70 143h1M80 138h1M90 144h1M84 150h1M73 152h1M95 152h1M52 156h1M108 158h1M60 162h1M102 166h1" />`
  ],
  [
    /bun|swirl|cinnamon/,
    () => fe`<circle class="a" cx="80" cy="146" r="35" />
    <path class="stroke-choc" d="M80 148q8-3 4-11t-16-2-6 22 24 10 18-32-36-14-22 34" />
    <path class="icing" d="M52 140q12-10 22-2t20-6 14 6" />`
  ],
  [
    /croissant|pain/,
    () => fe`<path class="a" d="M28 174q0-42 52-44 52 2 52 44-8 4-16-4-10-14-36-14t-36 14q-8 8-16 4z" />
    <path class="stroke-deep" d="M48 144l6 18M70 133l3 22M90 133l-3 22M112 144l-6 18" />`
  ],
  [
    /slice|cake/,
    () => fe`<path class="pale" d="M36 140h88v12H36z" /><path class="a" d="M36 150h88v30H36z" />
    <path class="stroke-deep" d="M36 164h88" /><path class="w" d="M36 136h88v9q-7 7-11 0t-11 3-11-3-11 5-11-4-11 3-11-3-11-1z" />`
  ],
  [
    /./,
    () => fe`<path class="a" d="M44 150h72l-5 30H49z" /><path class="pale" d="M42 152q-4-24 38-24t38 24q-8 7-16 0t-15 2-15-2-15 2-15-2z" />
    <path class="stroke-deep" d="M48 164q32 6 64 0" />`
  ]
];
function cloche(look) {
  const bake = BAKES.find(([words]) => words.test(look.name))[1];
  const high = 72 - look.tall * 12;
  return {
    body: "M10 184H150L143 192H94V195H106V200H54V195H66V192H17z",
    pattern: "plain",
    label: null,
    behind: fe`<g transform="translate(0 4)">${bake()}</g>`,
    before: fe`<path class="metal" d="M10 184H150L143 192H94V195H106V200H54V195H66V192H17z" /><path class="shade" d="M17 189H146L143 192H94V195H66V192H17z" />
      <path class="dome" d=${`M20 184V140Q20 ${high} 80 ${high}T140 140V184z`} />
      <path class="shine" d=${`M33 160V142Q36 ${high + 24} 60 ${high + 13}`} />
      <circle class="deep" cx="80" cy=${high - 7} r="8" />`
  };
}

// services/storefront/pages/pictures/containers.js
function jar(look) {
  const half = 42 + look.wide * 6;
  const top = 66 - look.tall * 12;
  const [l2, r2] = [80 - half, 80 + half];
  const sweets = look.category === "sweets";
  const lid = sweets ? 1 + look.pick(2, "lid") : look.pick(3, "lid");
  return {
    half,
    body: `M${l2 + 8} ${top}H${r2 - 8}Q${r2} ${top + 4} ${r2} ${top + 16}V190Q${r2} 200 ${r2 - 10} 200H${l2 + 10}Q${l2} 200 ${l2} 190V${top + 16}Q${l2} ${top + 4} ${l2 + 8} ${top}z`,
    pattern: sweets ? "sweets" : "plain",
    label: [80 - half + 9, top + 42, half * 2 - 18, 66],
    before: fe`
      <path class="glass" d=${`M${l2 + 8} ${top}H${r2 - 8}Q${r2} ${top + 4} ${r2} ${top + 16}V${top + 20}H${l2}V${top + 16}Q${l2} ${top + 4} ${l2 + 8} ${top}z`} />
      ${lid === 0 ? fe`<path class="b" d=${`M${l2 + 2} ${top + 6}q${half / 2} -10 ${half - 2} -10t${half - 2} 10l4 12q-6 5-11 0t-11 0-11 0-11 0-11 0-11 0-11 0-9 0z`} />
            <path class="b" d=${`M${l2 + 6} ${top - 2}q2-16 ${half - 6}-16t${half - 6} 16z`} />
            <path class="stroke-deep" d=${`M${l2 + 4} ${top + 1}q${half - 4} 7 ${half * 2 - 8} 0`} />` : fe`<rect class=${lid === 1 ? "deep" : "metal"} x=${l2 + 4} y=${top - 16} width=${half * 2 - 8} height="18" rx="4" />
            <path class="shade" d=${`M${l2 + 4} ${top - 4}h${half * 2 - 8}v3h-${half * 2 - 8}z`} />`}
    `
  };
}
function bottle(look) {
  const kind = look.pick(3, "bottle");
  const half = [30, 33, 27][kind] + look.wide * 4;
  const neck = [9, 11, 10][kind];
  const top = 46 - look.tall * 8;
  const shoulder = top + [52, 36, 60][kind];
  const [l2, r2] = [80 - half, 80 + half];
  const bend = kind === 1 ? shoulder - 6 : shoulder - 26;
  return {
    half,
    body: `M${80 - neck} ${top}H${80 + neck}V${bend}Q${80 + neck} ${shoulder - 8} ${r2 - 8} ${shoulder + 4}Q${r2} ${shoulder + 10} ${r2} ${shoulder + 22}V192Q${r2} 200 ${r2 - 8} 200H${l2 + 8}Q${l2} 200 ${l2} 192V${shoulder + 22}Q${l2} ${shoulder + 10} ${l2 + 8} ${shoulder + 4}Q${80 - neck} ${shoulder - 8} ${80 - neck} ${bend}z`,
    pattern: "plain",
    label: [l2 + 1, Math.max(shoulder + 26, 108), half * 2 - 2, 182 - Math.max(shoulder + 26, 108)],
    square: true,
    before: fe`<rect class=${["second-lid", "deep", "metal"][kind]} x=${80 - neck - 2} y=${top - 12} width=${neck * 2 + 4} height="16" rx="3" />
      ${kind !== 2 && fe`<rect class="w" x=${80 - neck} y=${top + 16} width=${neck * 2} height="8" />`}`
  };
}
function tin(look) {
  const half = 46 + look.wide * 6;
  const top = 82 - look.tall * 18;
  const [l2, r2] = [80 - half, 80 + half];
  const round = look.pick(2, "tin");
  const lid = round ? 9 : 0;
  return {
    half,
    body: `M${l2} ${top}H${r2}V${200 - lid / 2}Q80 ${200 + lid} ${l2} ${200 - lid / 2}z`,
    pattern: look.pattern === "plain" ? "bands" : look.pattern,
    label: [l2 + 13, top + 24, half * 2 - 26, Math.min(80, 168 - top)],
    before: fe`
      <path class="deep" d=${`M${l2 - 3} ${top - 16}H${r2 + 3}V${top + 3}Q80 ${top + 3 + lid} ${l2 - 3} ${top + 3}z`} />
      <path class="pale" d=${`M${l2 - 3} ${top - 16}q${half + 3} ${-lid - 5} ${half * 2 + 6} 0q${-half - 3} ${lid} ${-half * 2 - 6} 0z`} />
      ${!round && fe`<rect class="deep" x="66" y=${top - 25} width="28" height="8" rx="4" />`}
    `
  };
}

// services/storefront/pages/pictures/emblems.js
var leaf = fe`<path class="k" d="M-9 8C-9-4-1-10 10-9 10 2 4 9-6 8l-4 3z" /><path class="thin" d="M-7 7 5-4" />`;
var EMBLEMS = {
  pear: fe`<path class="a" d="M0-10c4 0 4 5 5 8 5 5 3 13-5 13s-10-8-5-13c1-3 1-8 5-8z" />
    <path class="line" d="M0-10q0-3 3-4" />`,
  lemon: fe`<path class="a" d="M-12 0q3-3 5-5 7-6 14 0 2 2 5 5-3 3-5 5-7 6-14 0-2-2-5-5z" />
    <path class="line" d="M-4-2q4-4 8 0" />`,
  berry: fe`<path class="a" d="M0 11c-8-3-11-9-9-14 2-4 7-3 9 0 2-3 7-4 9 0 2 5-1 11-9 14z" />
    <path class="k" d="M0-3c-3-1-5-4-4-8 3 0 4 2 4 3 0-1 1-3 4-3 1 4-1 7-4 8z" />`,
  comb: fe`<path class="a" d="M-5-10h7l4 6-4 6h-7l-4-6z" /><path class="b" d="M3 0h6l3 5-3 5H3L0 5z" />
    <path class="k" d="M-7 4h5l2 4-2 4h-5l-2-4z" />`,
  flower: fe`${[0, 72, 144, 216, 288].map(
    (turn) => fe`<ellipse class="a" cy="-6.5" rx="4.2" ry="5.5" transform=${`rotate(${turn})`} />`
  )}<circle class="k" r="2.8" />`,
  spiral: fe`<path class="line bold" d="M0 1q3-1 2-4t-5-2-4 6 5 7 10-2 0-12-9-9" />`,
  wheat: fe`<path class="line" d="M0 12V-8" />${[-8, -3, 2].map(
    (y2) => fe`<path class="a" d=${`M0 ${y2 + 5}q-7-1-7-7 6 0 7 7zM0 ${y2 + 5}q7-1 7-7-6 0-7 7z`} />`
  )}`,
  leaf,
  bean: fe`<ellipse class="k" rx="7" ry="10.5" transform="rotate(28)" />
    <path class="thin" d="M-4 8Q3 3 0-1T4-9" />`,
  star: fe`<path class="k" d="M0-11 2.6-3.6 10.5-3.4 4.2 1.4 6.5 8.9 0 4.4-6.5 8.9-4.2 1.4-10.5-3.4-2.6-3.6z" />`,
  drop: fe`<path class="k" d="M0-11C4-5 7-1 7 4A7 7 0 0 1-7 4C-7-1-4-5 0-11z" /><path class="thin" d="M-3 5q1 3 3 3" />`,
  chair: fe`<path class="k" d="M-8-9h16v10H-8zM-11-3h4v8H7v-8h4V9h-3v3H5V9H-5v3h-3V9h-3z" />`,
  lamp: fe`<path class="a" d="M-5-11H5l5 10h-20z" /><path class="k" d="M-1.5-1h3v9H6v3H-6V8h4.5z" />`,
  table: fe`<path class="k" d="M-12-5h24v4h-3v12H6V-1H-6v12h-3V-1h-3z" />`
};

// services/storefront/pages/pictures/garment.js
function garment(look) {
  const long = /jacket|jumper|long|sweater|coat|blouse|tuxedo|shirt|hoodie/.test(look.name);
  const sleeve = long ? "L142 176 120 180 112 112" : "L140 118 118 126 112 112";
  const sleeveBack = long ? "L40 180 18 176" : "L42 126 20 118";
  const open = /jacket|tuxedo|shirt|coat|zip|cardigan/.test(look.name);
  return {
    half: 32,
    body: `M60 66Q80 82 100 66L122 76${sleeve}V188H48V112${sleeveBack}L38 76z`,
    pattern: look.pattern,
    label: null,
    behind: fe`<path class="hanger" d="M80 60v-8q10-2 8-11t-14-5M80 60 36 80h88z" />`,
    before: fe`${open && fe`<path class="stroke-deep" d="M80 76V188" />
        ${[100, 122, 144, 166].map((y2) => fe`<circle class="w" cx="86" cy=${y2} r="2.6" />`)}`}
      <path class="stroke-deep" d="M60 66Q80 84 100 66" />
      ${look.emblemDrawing && fe`<g transform="translate(64 118) scale(.7)"><rect class="w" x="-12" y="-14" width="24" height="28" rx="2" />${look.emblemDrawing}</g>`}`
  };
}

// services/storefront/pages/pictures/label.js
var OUTLINES = {
  square: (w2, h2) => `M${-w2} ${-h2}H${w2}V${h2}H${-w2}z`,
  oval: (w2, h2) => `M${-w2} 0A${w2} ${h2} 0 0 1 ${w2} 0A${w2} ${h2} 0 0 1 ${-w2} 0z`,
  arch: (w2, h2) => `M${-w2} ${h2}V${-h2 + 12}Q${-w2} ${-h2} 0 ${-h2}T${w2} ${-h2 + 12}V${h2}z`,
  ribbon: (w2, h2) => `M${-w2} ${-h2 + 5}h4v-5H${w2 - 4}v5h4V${h2 - 5}h-4v5H${-w2 + 4}v-5h-4z`,
  shield: (w2, h2) => `M${-w2} ${-h2}H${w2}V${h2 * 0.4}Q${w2} ${h2} 0 ${h2}T${-w2} ${h2 * 0.4}z`
};
function Label({ look, box: [x2, y2, width, height] }) {
  const w2 = width / 2;
  const h2 = height / 2;
  const room = width * { oval: 0.78, shield: 0.86, arch: 0.92 }[look.form] || width * 0.9;
  const roomy = height >= 44;
  const emblem = EMBLEMS[look.emblem];
  const most = roomy ? emblem ? 2 : 3 : 1;
  const lines = look.words.slice(-most);
  const longest = Math.max(...lines.map((line2) => line2.length), 4);
  const size = Math.min(
    lines.length === 1 && longest === 4 && !emblem ? 22 : 13,
    room / (longest * 0.68)
  );
  const line = size * 1.12;
  const emblemHeight = emblem && roomy ? 22 : 0;
  const top = -(emblemHeight + lines.length * line) / 2;
  return fe`<g transform=${`translate(${x2 + w2} ${y2 + h2})`}>
    <path class="w" d=${OUTLINES[look.form](w2, h2)} />
    <path class="frame" d=${OUTLINES[look.form](w2 - 3, h2 - 3)} />
    ${emblemHeight > 0 && fe`<g transform=${`translate(0 ${top + 10}) scale(.82)`}>${emblem}</g>`}
    ${lines.map(
    (text, i2) => fe`<text
        class="lettering"
        y=${top + emblemHeight + line * (i2 + 0.8)}
        font-size=${size.toFixed(1)}
      >${text}</text>`
  )}
  </g>`;
}

// services/storefront/pages/pictures/packages.js
function bag(look) {
  const half = 43 + look.wide * 6;
  const top = 62 - look.tall * 14;
  const [l2, r2] = [80 - half, 80 + half];
  const cut = `l${(half - 2) / 8} -5l${(half - 2) / 8} 5`.repeat(8);
  const folded = look.pick(2, "bag");
  return {
    half,
    body: `M${l2 + 2} ${top}${folded ? `H${r2 - 2}` : cut}L${r2} ${top + 34}V196Q${r2} 200 ${r2 - 4} 200H${l2 + 4}Q${l2} 200 ${l2} 196V${top + 34}z`,
    pattern: look.pattern,
    label: [l2 + 12, top + 50, half * 2 - 24, Math.min(78, 138 - top + 12)],
    before: fe`
      <path class="shade" d=${`M${l2} ${top + 34}l9 14V200H${l2 + 4}q-4 0-4-4z`} />
      ${folded ? fe`<path class="deep" d=${`M${l2 - 1} ${top - 16}H${r2 + 1}L${r2 - 1} ${top + 10}H${l2 + 1}z`} />
            <rect class="metal" x=${r2 - 26} y=${top - 20} width="9" height="30" rx="3" />` : fe`<path class="stroke-deep" d=${`M${l2 + 1} ${top + 18}H${r2 - 1}`} /><circle class="w" cx="80" cy=${top + 18} r="7" />`}
    `
  };
}
function box(look) {
  const half = 50 + look.wide * 6;
  const top = 104 - look.tall * 20;
  const [l2, r2] = [80 - half, 80 + half];
  const tied = look.pick(2, "box");
  return {
    half,
    body: `M${l2} ${top}H${r2}V200H${l2}z`,
    pattern: look.pattern,
    label: [80 - 36, top + 30, 72, Math.min(64, 160 - top)],
    before: fe`
      <path class="deep" d=${`M${l2 - 4} ${top - 8}H${r2 + 4}V${top + 16}H${l2 - 4}z`} />
      <path class="pale" d=${`M${l2 + 8} ${top - 20}H${r2 - 8}L${r2 + 4} ${top - 8}H${l2 - 4}z`} />
      ${tied === 1 && fe`<path class="b" d=${`M75 ${top - 20}h10v36H75z`} />
        <path class="b" d=${`M80 ${top - 20}c-6-18-26-18-24-6 1 7 14 8 24 6 10 2 23 1 24-6 2-12-18-12-24 6z`} />
        <circle class="deep" cx="80" cy=${top - 20} r="5" />`}
    `
  };
}
function bar(look) {
  const half = 33 + look.wide * 3;
  const top = 44 - look.tall * 10;
  const l2 = 80 - half;
  const squares = [0, 1].flatMap(
    (row) => [0, 1, 2].map((col) => [l2 + 3 + col * ((half * 2 - 4) / 3), top - 8 + row * 18])
  );
  return {
    half,
    body: `M${l2 - 3} ${top + 34}l8-7 8 6 9-7 9 6 8-7 9 6 9-6 7 5V200H${l2 - 3}z`,
    pattern: look.pattern,
    label: [l2 + 3, top + 62, half * 2 - 6, 70],
    behind: fe`
      <rect class="choc" x=${l2} y=${top - 11} width=${half * 2} height="80" rx="4" />
      ${squares.map(([x2, y2]) => fe`<rect class="choc-light" x=${x2} y=${y2} width=${(half * 2 - 10) / 3} height="14" rx="2" />`)}
      <path class="metal" d=${`M${l2 - 2} ${top + 22}l10-5 12 6 12-6 10 5 12-6 12 5 ${half * 2 - 66} 0V60H${l2 - 2}z`} />
    `
  };
}
function card(look) {
  const half = 48 + look.wide * 5;
  const top = 54 - look.tall * 12;
  const [l2, r2] = [80 - half, 80 + half];
  return {
    half,
    body: `M${l2} ${top + 60}H${r2}V194Q${r2} 200 ${r2 - 6} 200H${l2 + 6}Q${l2} 200 ${l2} 194z`,
    pattern: look.pattern === "plain" ? "waves" : look.pattern,
    label: [l2 - 2, top, half * 2 + 4, 60],
    square: true,
    behind: fe`<path class="deep" d=${`M${l2 - 5} ${top - 22}H${r2 + 5}V${top + 64}H${l2 - 5}z`} />
      <rect class="hole" x="68" y=${top - 15} width="24" height="8" rx="4" />`
  };
}

// services/storefront/pages/pictures/patterns.js
function steps(from, to, step) {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_2, i2) => from + i2 * step);
}
var PATTERNS2 = {
  plain: () => null,
  stripes: (look) => steps(look.pick(12, "shift"), 160, 18).map(
    (x2) => fe`<rect class="b" x=${x2} width=${7 + look.pick(4, "stripe")} height="200" />`
  ),
  bands: () => fe`<path class="b" d="M0 96h160v7H0zM0 108h160v3H0zM0 168h160v7H0zM0 161h160v3H0z" />`,
  dots: (look) => steps(6, 200, 16).map(
    (y2, row) => steps(row % 2 ? 4 : 12, 160, 16).map(
      (x2) => fe`<circle class="b" cx=${x2} cy=${y2} r=${2.5 + look.pick(3, "dot") * 0.8} />`
    )
  ),
  checks: () => [
    steps(4, 160, 20).map((x2) => fe`<rect class="b half" x=${x2} width="10" height="200" />`),
    steps(4, 200, 20).map((y2) => fe`<rect class="b half" y=${y2} width="160" height="10" />`)
  ],
  waves: () => steps(8, 210, 16).map(
    (y2) => fe`<path class="stroke-b" d=${`M-4 ${y2}q10-9 20 0t20 0 20 0 20 0 20 0 20 0 20 0 20 0 20 0`} />`
  ),
  /** Sweets in a jar. */
  sweets: (look) => steps(74, 204, 13).map(
    (y2, row) => steps(row % 2 ? 22 : 30, 150, 15).map((x2, i2) => {
      const turn = look.pick(180, `${row} ${i2}`);
      return fe`<ellipse
          class=${["b", "pale", "deep"][look.pick(3, `tone ${row} ${i2}`)]}
          cx=${x2} cy=${y2} rx="7.5" ry=${look.pick(2, "round") ? 7.2 : 5.2}
          transform=${`rotate(${turn} ${x2} ${y2})`} />`;
    })
  )
};

// services/storefront/pages/pictures/plant-pot.js
function pot(look) {
  const half = 40 + look.wide * 6;
  const top = 122 - look.tall * 8;
  const leaves = [-48, -22, 4, 28, 50];
  const length = 56 + look.pick(20, "leaf");
  return {
    half,
    body: `M${80 - half} ${top}H${80 + half}L${80 + half - 12} 196Q${80 + half - 13} 200 ${80 + half - 17} 200H${80 - half + 17}Q${80 - half + 13} 200 ${80 - half + 12} 196z`,
    pattern: look.pattern,
    label: [80 - 24, top + 22, 48, 40],
    behind: fe`${leaves.map(
      (turn, i2) => fe`<path class=${i2 % 2 ? "leaf" : "leaf-deep"} transform=${`rotate(${turn} 80 ${top})`}
        d=${`M80 ${top}q-20-${length / 2} 0-${length}q20 ${length / 2} 0 ${length}z`} />`
    )}`,
    before: fe`<path class="deep" d=${`M${80 - half - 5} ${top - 4}h${half * 2 + 10}v16h-${half * 2 + 10}z`} />`
  };
}

// services/storefront/pages/pictures/picture.js
var SHAPES = { jar, bottle, tin, bag, box, bar, card, cloche, garment, pot };
var drawn = 0;
function Picture({ product }) {
  const { id, name, category, description } = product;
  return Y(() => draw(product), [id, name, category, description]);
}
function draw(product) {
  const look = choosePicture(product);
  look.name = product.name.toLowerCase();
  look.category = product.category.toLowerCase();
  look.emblemDrawing = EMBLEMS[look.emblem];
  const form = SHAPES[look.shape](look);
  drawn += 1;
  const clip = `cut-${drawn}`;
  const tones = {
    "--l": look.tone[0],
    "--c": look.tone[1],
    "--h": look.tone[2],
    "--l2": look.second[0],
    "--c2": look.second[1],
    "--h2": look.second[2]
  };
  const labelled = form.square ? { ...look, form: "square" } : look;
  return fe`<svg class="picture" viewBox="8 20 144 180" style=${tones} aria-hidden="true" focusable="false">
    <clipPath id=${clip}><path d=${form.body} /></clipPath>
    ${form.behind}
    <path class="a" d=${form.body} />
    <g clip-path=${`url(#${clip})`}>${PATTERNS2[form.pattern](look)}</g>
    ${form.label && fe`<${Label} look=${labelled} box=${form.label} />`}
    ${form.half && fe`<rect class="shade" clip-path=${`url(#${clip})`} x=${80 + form.half * 0.7} width="80" height="200" />`}
    ${form.before}
  </svg>`;
}

// services/storefront/pages/state/line-warnings.js
function lineWarning(item, products, seenPrices2, currency2) {
  const product = products.get(item.product_id);
  if (item.gone || product === null) {
    return { kind: "gone", text: "This is no longer sold.", available: 0 };
  }
  if (product && product.stock === 0) return { kind: "out", text: "Sold out.", available: 0 };
  if (product && product.stock < item.quantity) {
    return { kind: "few", text: `Only ${product.stock} left.`, available: product.stock };
  }
  if (!item.validated) {
    return {
      kind: "unchecked",
      text: "Not checked yet, as the shelf could not be asked. It is checked before you pay."
    };
  }
  const before = seenPrices2[item.product_id];
  if (item.price !== null && before !== void 0 && before !== item.price) {
    const text = `The price has changed: it was ${money(before, currency2)}, it is ${money(item.price, currency2)} now.`;
    return { kind: "price", text };
  }
  return null;
}
function withAvailableStock(products, errors) {
  const next = new Map(products);
  for (const { product_id: id, available } of errors) {
    if (available !== void 0) next.set(id, { ...next.get(id), stock: available });
  }
  return next;
}

// services/storefront/pages/state/currency.js
var currency = createStore(loadItem("currency"));
function learnCurrency([thing]) {
  if (!thing || thing.currency === currency.value) return;
  saveItem("currency", thing.currency);
  currency.set(thing.currency);
}

// services/storefront/pages/state/products.js
var PAGE_SIZE = 24;
var MAX_LIMIT = 960;
var lists = /* @__PURE__ */ new Map();
var productsById = createStore(/* @__PURE__ */ new Map());
var categories = createStore(asUnsearched(loadItem("categories")));
function remember(products) {
  const next = new Map(productsById.value);
  for (const product of products) next.set(product.id, product);
  productsById.set(next);
  learnCurrency(products);
}
function asUnsearched(list) {
  return list && { query: "", list };
}
async function loadCategories(query, signal) {
  const { data } = await call("GET", query ? `/categories?${query}` : "/categories", { signal });
  categories.set({ query, list: data });
  if (!query) saveItem("categories", data);
}
async function loadProduct(id, signal) {
  const { data } = await call("GET", `/products/${id}`, { signal });
  remember([data]);
  return data;
}
async function refreshStock(ids, signal) {
  if (ids.length === 0) return;
  const { items } = await callList(`/products?ids=${ids.join(",")}`, ids.length, signal);
  remember(items);
  const gone = ids.filter((id) => !items.some((product) => product.id === id));
  if (gone.length)
    productsById.set(new Map([...productsById.value, ...gone.map((id) => [id, null])]));
}
async function fetchPage(query, limit, signal) {
  const list = await callList(`/products?${query}`, limit, signal);
  remember(list.items);
  return list;
}
function useProductList(query, shownCount) {
  const [list, setList] = G(() => lists.get(query) || { items: null, after: null });
  const [busy, setBusy] = G(true);
  const [error, setError] = G(null);
  const running = Q(null);
  const update = async (fetching) => {
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    setBusy(true);
    try {
      const next = await fetching(mine.signal);
      if (mine.signal.aborted) return;
      lists.set(query, next);
      setList(next);
      setError(null);
    } catch (failure) {
      if (mine.signal.aborted) return;
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
    }
    setBusy(false);
  };
  J(() => {
    const before = lists.get(query);
    if (before) setList(before);
    const wanted = Math.max(before?.items.length || 0, shownCount, PAGE_SIZE);
    const limit = Math.min(Math.ceil(wanted / PAGE_SIZE) * PAGE_SIZE, MAX_LIMIT);
    update((signal) => fetchPage(query, limit, signal));
    return () => running.current?.abort();
  }, [query]);
  const loadMore = () => update(async (signal) => {
    const page = await fetchPage(
      `${query}&after=${encodeURIComponent(list.after)}`,
      PAGE_SIZE,
      signal
    );
    const had = new Set(list.items.map((item) => item.id));
    return {
      items: [...list.items, ...page.items.filter((item) => !had.has(item.id))],
      after: page.after
    };
  });
  return { ...list, busy, error, loadMore };
}

// services/storefront/pages/components/quantity.js
function Quantity({ value, name, least = 1, most = 1e3, onChange }) {
  const set = (number) => {
    const whole = Math.round(number);
    if (Number.isFinite(whole)) onChange(Math.min(Math.max(whole, least), most));
  };
  const typed = (event) => {
    const text = event.currentTarget.value.trim();
    if (/^\d{1,4}$/.test(text)) set(Number(text));
    else event.currentTarget.value = value;
  };
  return fe`<div class="quantity" role="group" aria-label=${`Quantity of ${name}`}>
    <button type="button" aria-label=${`One fewer ${name}`} disabled=${value <= least} onClick=${() => set(value - 1)}>−</button>
    <input class="count" inputmode="numeric" maxlength="4" aria-label=${`Quantity of ${name}`} value=${value} onChange=${typed} />
    <button type="button" aria-label=${`One more ${name}`} disabled=${value >= most} onClick=${() => set(value + 1)}>+</button>
  </div>`;
}

// services/storefront/pages/components/cart-lines.js
function useCartLines() {
  const value = useStore(cart);
  const products = useStore(productsById);
  const seen = useStore(seenPrices);
  const ids = value?.items.map((item) => item.product_id).join() ?? "";
  J(() => {
    const ending = new AbortController();
    const check = async () => {
      await refreshStock(ids.split(",").map(Number), ending.signal);
      const unknown = (item) => !item.validated || !item.gone && productsById.value.get(item.product_id) === null;
      if (cart.value.items.some(unknown)) await loadCart();
    };
    if (ids) check().catch(() => {
    });
    return () => ending.abort();
  }, [ids]);
  const lines = (value?.items ?? []).map((item) => ({
    item,
    product: products.get(item.product_id),
    warning: lineWarning(item, products, seen, value.currency)
  }));
  return {
    lines,
    shortLines: lines.filter(({ warning }) => warning?.available !== void 0),
    priceChanged: lines.some(({ warning }) => warning?.kind === "price")
  };
}
function reduceToStock(shortLines) {
  for (const { item, warning } of shortLines) setQuantity(item.product_id, warning.available);
  announce("The cart holds what is there.");
}
function CartLines({ lines, currency: currency2 }) {
  return fe`<ul class="lines">
    ${lines.map((line) => fe`<${CartLine} key=${line.item.product_id} line=${line} currency=${currency2} />`)}
  </ul>`;
}
function CartLine({ line: { item, product, warning }, currency: currency2 }) {
  const name = item.name ?? `Product ${item.product_id}`;
  const set = (quantity) => {
    setQuantity(item.product_id, quantity);
    announce(quantity ? `${quantity} of ${name}.` : `${name} is out of the cart.`);
  };
  const cannotBeHad = warning?.available === 0;
  return fe`<li class=${`line${cannotBeHad ? " gone" : ""}`}>
    <div class="line-picture">
      <${Picture} product=${product ?? { id: item.product_id, name, category: "", description: "" }} />
    </div>
    <div class="line-name"><a href=${`/products/${item.product_id}`} dir="auto">${name}</a>
      <p class="small soft money">${eachPrice(item, currency2)}</p>
    </div>
    <p class="line-total money">${item.price === null ? "–" : money(item.price * item.quantity, currency2)}</p>
    <div class="line-change">
      <${Quantity} value=${item.quantity} name=${name} most=${cannotBeHad ? item.quantity : void 0} onChange=${set} />
      <button class="text-button small" type="button" aria-label=${`Remove ${name}`} onClick=${() => set(0)}>Remove</button>
    </div>
    ${warning && fe`<p class=${`line-warning small ${warning.kind}`}>${warning.text}${" "}
      ${warning.available > 0 && fe`<button class="text-button" type="button" onClick=${() => set(warning.available)}>Take ${warning.available}</button>`}
    </p>`}
  </li>`;
}
function eachPrice({ gone, price }, currency2) {
  if (gone) return "";
  return price === null ? "No price yet" : `${money(price, currency2)} each`;
}
function CartWarnings({ shortLines, priceChanged }) {
  if (shortLines.length === 0 && !priceChanged) return null;
  const goneLines = shortLines.filter(({ warning }) => warning.kind === "gone");
  return fe`<div class="note" role="status">
    ${goneLines.map(
    ({ item }) => fe`<p key=${item.product_id}>
        <bdi>${item.name ?? `Product ${item.product_id}`}</bdi> is no longer sold. It is not in the total, and cannot be ordered.
      </p>`
  )}
    ${shortLines.length > goneLines.length && fe`<p>Since you put them in, some things ran low or sold out. They are marked above.</p>`}
    ${shortLines.length > 0 && fe`<div class="actions">
        <button class="button quiet" type="button" onClick=${() => reduceToStock(shortLines)}>
          ${takeWords(shortLines)}
        </button>
      </div>`}
    ${priceChanged && fe`<p>Some prices have changed. The total is the one of now.</p>
      <div class="actions"><button class="button quiet" type="button" onClick=${acceptPrices}>All right</button></div>`}
  </div>`;
}
function takeWords(shortLines) {
  if (shortLines.some(({ warning }) => warning.available > 0)) return "Take what is there";
  return shortLines.length === 1 ? "Take it out" : "Take them out";
}

// services/storefront/pages/views/cart-drawer.js
function CartDrawer() {
  const dialog = Q(null);
  J(() => {
    const before = document.activeElement;
    const opener = before && before !== document.body ? before : document.querySelector(".cart-button");
    const drawer = dialog.current;
    drawer.showModal();
    loadCart();
    return () => {
      drawer.close();
      opener?.focus({ preventScroll: true });
    };
  }, []);
  const clicked = (event) => event.target === dialog.current && closeCart();
  return fe`<dialog ref=${dialog} class="drawer" aria-labelledby="cart-title" onClick=${clicked} onClose=${closeCart}>
    <div class="drawer-sheet">
      <div class="drawer-head">
        <h2 id="cart-title" tabindex="-1" autofocus>Your cart</h2>
        <button class="close" type="button" aria-label="Close the cart" onClick=${closeCart}>
          <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path d="M5 5l14 14M19 5 5 19" /></svg>
        </button>
      </div>
      <${CartContents} />
    </div>
    <${Notices} />
  </dialog>`;
}
function CartContents() {
  const value = useStore(cart);
  const error = useStore(cartError);
  const { lines, shortLines, priceChanged } = useCartLines();
  if (value === null) {
    return fe`<ul class="lines" aria-busy="true" aria-label="Fetching the cart">
      ${[1, 2].map(
      (i2) => fe`<li key=${i2} class="line placeholder" aria-hidden="true">
          <div class="line-picture"></div>
          <span class="blank"></span>
        </li>`
    )}
    </ul>`;
  }
  if (lines.length === 0) {
    return fe`<${EmptyState} title="Nothing in it yet">
      <p>What you add from the shelves waits here, also if you leave and come back.</p>
      <p><button class="button" type="button" onClick=${closeCart}>Back to the shelves</button></p>
    <//>`;
  }
  return fe`<div class="drawer-lines">
      ${error && fe`<${ErrorNote} error=${error} />`}
      <${CartLines} lines=${lines} currency=${value.currency} />
      <${CartWarnings} shortLines=${shortLines} priceChanged=${priceChanged} />
    </div>
    <div class="drawer-foot">
      <p class="sum"><span>Total</span><span class="money">${money(cartTotal(value), value.currency)}</span></p>
      <a class="button wide" href="/checkout">Go to the till</a>
    </div>`;
}

// services/storefront/pages/components/purchase-steps.js
var WAITING = {
  order_pending: "Your last order is still being rung up; this one comes right after it.",
  shelf: "The shelf takes its time. It goes on by itself, also if you leave this page.",
  till: "The till has your payment and is still confirming it. It goes on by itself, also if you leave this page."
};
function PurchaseSteps({ step: { stage, waiting: waiting2 } }) {
  const paying = stage === "pay";
  return fe`<div class="steps" role="status">
    <ol>
      <li class=${paying ? "done" : "now"}>${paying ? "Put aside for you" : "Putting your things aside…"}</li>
      <li class=${paying ? "now" : "next"}>${paying ? "Taking the payment…" : "Payment"}</li>
    </ol>
    ${waiting2 && fe`<p class="small">${WAITING[waiting2]}</p>`}
  </div>`;
}

// services/storefront/pages/components/receipt.js
function Receipt({ lines, total, currency: currency2, head, children }) {
  return fe`<section class="receipt" aria-label="Receipt">
    <div class="receipt-head"><p class="receipt-shop">Tuckshop</p>${head}</div>
    <table>
      <thead class="unseen">
        <tr><th scope="col">Quantity</th><th scope="col">Thing</th><th scope="col">Amount</th></tr>
      </thead>
      <tbody>
        ${lines.map(
    (line) => fe`<tr key=${line.key}>
            <td class="count">${line.quantity} ×</td>
            <th scope="row">
              <a href=${`/products/${line.key}`} dir="auto">${line.name}</a>
              ${line.note && fe`<span class="line-warning small">${line.note}</span>`}
            </th>
            <td class="money">${line.price === null ? "–" : money(line.price * line.quantity, currency2)}</td>
          </tr>`
  )}
      </tbody>
      <tfoot>
        <tr>
          <td></td>
          <th scope="row">Total</th>
          <td class="money receipt-total">${total === null ? "–" : money(total, currency2)}</td>
        </tr>
      </tfoot>
    </table>
    ${children}
  </section>`;
}
function ReceiptPlaceholder() {
  return fe`<div class="receipt placeholder" aria-busy="true" role="group" aria-label="Fetching the receipt">
    <span class="blank"></span><span class="blank"></span>
  </div>`;
}

// services/storefront/pages/views/checkout.js
function CheckoutView() {
  const value = useStore(cart);
  const step = useStore(purchase);
  const ended = useOutcome();
  const { lines, shortLines } = useCartLines();
  const lastShown = Q(null);
  useRouteArrival(value !== null || step !== null, "The till");
  J(() => {
    loadCart();
    return () => outcome.set(null);
  }, []);
  K(() => {
    if (ended?.paid) navigate(`/orders/${ended.order_id}/thanks`, { replace: true });
    if (ended?.error) {
      productsById.set(withAvailableStock(productsById.value, ended.error.errors));
    }
  }, [ended]);
  const canBuy = step === null && value !== null && value.items.length > 0;
  if (canBuy) lastShown.current = { value, lines };
  const shown = step || canBuy ? lastShown.current : null;
  return fe`<div class="column">
    <h1 tabindex="-1">The till</h1>
    ${ended?.error && fe`<${Refused} ended=${ended} shortLines=${shortLines} />`}
    ${shown && fe`<${CartReceipt} value=${shown.value} lines=${shown.lines} />`}
    ${step && fe`<${PurchaseSteps} step=${step} />`}
    ${canBuy && !ended?.error && fe`<${CartWarnings} shortLines=${shortLines} />`}
    ${canBuy && fe`<${Buy} value=${value} shortLines=${shortLines} />`}
    ${!step && value === null && fe`<${ReceiptPlaceholder} />`}
    ${!step && value?.items.length === 0 && !ended && fe`<${EmptyTill} />`}
  </div>`;
}
function CartReceipt({ value, lines }) {
  return fe`<${Receipt}
    lines=${lines.map(receiptLine)}
    total=${cartTotal(value)}
    currency=${value.currency}
  />`;
}
function Buy({ value, shortLines }) {
  const total = cartTotal(value);
  const buy = () => {
    acceptPrices();
    buyCart(total, value.currency);
  };
  return fe`<div class="pay">
    ${shortLines.length === 0 && fe`<button class="button wide" type="button" onClick=${buy}>
        Order and pay ${money(total, value.currency)}
      </button>
      <p class="small soft">You pay exactly this amount or nothing at all. No card details are asked for.</p>`}
    <p><a href="/">Go on looking</a></p>
  </div>`;
}
function Refused({ ended: { error, order_id: orderId, stage }, shortLines }) {
  const take = () => {
    reduceToStock(shortLines);
    outcome.set(null);
  };
  const toOrder = orderId && (stage === "pay" || error.code === "ordered_before");
  return fe`<${ErrorNote} error=${error}>
    ${shortLines.length > 0 && fe`<button class="button quiet" type="button" onClick=${take}>${takeWords(shortLines)}</button>`}
    ${toOrder && fe`<a class="button quiet" href=${`/orders/${orderId}`}>See the order</a>`}
    ${SEE_ORDERS.includes(error.code) && fe`<a class="button quiet" href="/orders">My orders</a>`}
    ${error.code === "cart_empty" && fe`<a class="button quiet" href="/">To the shelves</a>`}
  <//>`;
}
var SEE_ORDERS = ["cart_empty", "too_many_unpaid_orders", "too_many_unpaid_units"];
function EmptyTill() {
  return fe`<${EmptyState} title="Your cart is empty">
    <p>There is nothing to pay. What you ordered before is among your orders.</p>
    <p class="actions"><a class="button" href="/">To the shelves</a><a class="button quiet" href="/orders">My orders</a></p>
  <//>`;
}
function receiptLine({ item, warning }) {
  const { product_id: key, quantity, price } = item;
  return { key, name: item.name ?? `Product ${key}`, quantity, price, note: warning?.text };
}

// services/storefront/pages/components/order-receipt.js
function orderNumber(orderId) {
  return `No. ${orderId.slice(0, 6).toUpperCase()}`;
}
function orderLines(order) {
  return order.items.map((item) => ({
    key: item.product_id,
    name: item.name ?? `Product ${item.product_id}`,
    quantity: item.quantity,
    price: item.price === null ? null : minorOf(item.price, order.currency)
  }));
}
function StatusStamp({ status }) {
  const { text, tone } = describeStatus(status);
  return fe`<span class=${`stamp ${tone}`}>${text}</span>`;
}
function OrderReceipt({ order, events, children }) {
  const head = fe`<p class="count">${orderNumber(order.order_id)}</p><p class="small soft">${when(order.created_at)}</p>`;
  return fe`<${Receipt}
    lines=${orderLines(order)}
    total=${order.total_amount === null ? null : minorOf(order.total_amount, order.currency)}
    currency=${order.currency}
    head=${head}
  >
    ${events && fe`<${History} events=${events} />`}
    ${children}
  <//>`;
}
function History({ events }) {
  return fe`<h2 class="history-title" id="history">What happened</h2>
    <ol class="history" aria-labelledby="history">
      ${events.map(
    (event, i2) => fe`<li key=${i2} class=${`event ${describeStatus(event.status).tone}`}>
          <span class="event-word">${describeEvent(event.cause)}</span>
          <time class="count small" datetime=${event.at}>${clockTimeOn(events[0].at, event.at)}</time>
        </li>`
  )}
    </ol>`;
}

// services/storefront/pages/state/use-resource.js
var NOTHING_YET = { data: null, error: null, busy: true };
function useResource(key, load, initial = null) {
  const [state, setState] = G({ ...NOTHING_YET, key, data: initial });
  const running = Q(null);
  const reload = Z(() => {
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    return load(mine.signal).then(
      (data) => {
        if (mine.signal.aborted) return;
        running.current = null;
        setState({ key, data, error: null, busy: false });
      },
      (error) => {
        if (mine.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        running.current = null;
        setState({ key, data: null, error, busy: false });
      }
    );
  }, [key]);
  J(() => {
    reload();
    return () => running.current?.abort();
  }, [reload]);
  const reloadIfIdle = Z(() => running.current || reload(), [reload]);
  const latest = state.key === key ? state : { ...NOTHING_YET, data: initial };
  return { ...latest, reload, reloadIfIdle };
}

// services/storefront/pages/state/receipts.js
function useReceipt(token) {
  return useResource(`receipt ${token}`, async (signal) => (await readReceipt(token, signal)).data);
}
function useReceiptLink(orderId) {
  return useResource(
    `link ${orderId}`,
    (signal) => withTabLock("receipts", async () => `/receipt/${await tokenOf(orderId, signal)}`)
  );
}
async function tokenOf(orderId, signal) {
  const kept = loadItem("receipts") || {};
  if (kept[orderId] && await leadsSomewhere(kept[orderId], signal)) return kept[orderId];
  const { data } = await call("POST", `/orders/${orderId}/receipt`, { signal });
  saveItem("receipts", { ...kept, [orderId]: data.token });
  return data.token;
}
async function leadsSomewhere(token, signal) {
  try {
    await readReceipt(token, signal);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}
function readReceipt(token, signal) {
  return call("GET", `/receipts/${encodeURIComponent(token)}`, { signal, withoutToken: true });
}

// services/storefront/pages/components/copy-link.js
function CopyLink({ path, name }) {
  const [copied, setCopied] = G(false);
  const url = new URL(path, location.origin).href;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(url);
      setCopied(true);
      announce(`The link to ${name} is copied.`);
    } catch {
      window.prompt(`The link to ${name}:`, url);
    }
  };
  return fe`<button class="text-button" type="button" onClick=${copy}>${copied ? "Link copied" : "Copy the link"}</button>`;
}

// services/storefront/pages/components/receipt-link.js
function ReceiptLink({ orderId }) {
  const { data: link, error } = useReceiptLink(orderId);
  if (error?.code === "receipt_revoked")
    return fe`<p class="small soft">The shop gives out no link to this receipt.</p>`;
  if (error) return null;
  return fe`<p class="small soft">
    This receipt has <a href=${link ?? void 0}>a link of its own</a>, which shows it on any device, to whoever has it.
    ${" "}${link && fe`<${CopyLink} path=${link} name="this receipt" />`}
  </p>`;
}

// services/storefront/pages/components/time-left.js
function TimeLeft({ until }) {
  const [, tick] = G(0);
  J(() => {
    const timer = setInterval(() => tick((n2) => n2 + 1), 1e3);
    return () => clearInterval(timer);
  }, []);
  const seconds = (Date.parse(until) - serverNow()) / 1e3;
  if (seconds <= 0) return fe`<span class="time-left">Its time to pay is over.</span>`;
  return fe`<span class="time-left"><span class="count" role="timer">${minutesLeft(seconds)}</span> left to pay</span>`;
}

// services/storefront/pages/state/orders.js
var PAGE_SIZE2 = 20;
var POLL_MILLISECONDS = 3e3;
var orderChanges = createStore(0);
onTabMessage("orders", () => orderChanges.set(orderChanges.value + 1));
outcome.subscribe(() => orderChanges.set(orderChanges.value + 1));
function useOrders(limit) {
  const orders = useResource(`orders ${limit}`, async (signal) => {
    const { items, after } = await callList("/orders", limit, signal);
    return { orders: items, more: after !== null };
  });
  usePolling(orders, orders.data?.orders.some(isChanging));
  return orders;
}
function useOrder(orderId) {
  const order = useResource(orderId, async (signal) => {
    const path = `/orders/${encodeURIComponent(orderId)}`;
    const [found, events] = await Promise.all([
      call("GET", path, { signal }),
      call("GET", `${path}/events`, { signal })
    ]);
    return { order: found.data, events: events.data };
  });
  usePolling(order, order.data && isChanging(order.data.order));
  return order;
}
async function cancelOrder(orderId, key) {
  await call("POST", `/orders/${orderId}/cancel`, { key });
  tellOtherTabs("orders");
  orderChanges.set(orderChanges.value + 1);
}
function isChanging(order) {
  return order.status === "CREATED" || /_DUE$|REQUESTED/.test(order.stock_state);
}
function usePolling({ reload, reloadIfIdle }, changing) {
  J(() => orderChanges.subscribe(reload), [reload]);
  J(() => {
    if (!changing) return void 0;
    const timer = setInterval(() => document.hidden || reloadIfIdle(), POLL_MILLISECONDS);
    return () => clearInterval(timer);
  }, [changing, reloadIfIdle]);
}

// services/storefront/pages/views/order.js
function OrderView({ id }) {
  const { data, error } = useOrder(id);
  const ended = useOutcome();
  useRouteArrival(Boolean(data || error), "Your order");
  J(() => () => outcome.set(null), [id]);
  K(() => {
    if (ended?.paid && ended.order_id === id) navigate(`/orders/${id}/thanks`, { replace: true });
  }, [ended]);
  if (error) {
    return fe`<div class="column">
      <h1 tabindex="-1">No such order</h1>
      <${ErrorNote} error=${error}><a class="button" href="/orders">My orders</a><//>
    </div>`;
  }
  return fe`<div class="column">
    <p class="crumb"><a href="/orders">My orders</a></p>
    <h1 tabindex="-1">Your order</h1>
    ${ended?.error && ended.order_id === id && fe`<${ErrorNote} error=${ended.error} />`}
    ${data ? fe`<${Standing} order=${data.order} /><${OrderReceipt} order=${data.order} events=${data.events} />
          ${data.order.payment_id && fe`<${ReceiptLink} orderId=${id} />`}` : fe`<${ReceiptPlaceholder} />`}
  </div>`;
}
function Standing({ order }) {
  const step = useStore(purchase);
  const mine = step?.stage === "pay" && step.body.order_id === order.order_id;
  return fe`<div class="standing">
    <p class="standing-status" role="status"><${StatusStamp} status=${order.status} />${" "}${explainStatus(order)}</p>
    ${mine && fe`<${PurchaseSteps} step=${step} />`}
    ${order.status === "CREATED" && fe`<${StillOpen} order=${order} paying=${mine} />`}
  </div>`;
}
function StillOpen({ order, paying }) {
  const held = order.stock_state === "HELD";
  return fe`<p>
      ${held ? "Your things are put aside until it is paid. " : "Your things are being put aside. "}
      <${TimeLeft} until=${order.expires_at} />
    </p>
    <div class="actions">
      ${held && !paying && fe`<button class="button" type="button" onClick=${() => payOrder(order)}>
        Pay ${money(minorOf(order.total_amount, order.currency), order.currency)}
      </button>`}
      <${Cancel} order=${order} />
    </div>`;
}
function Cancel({ order }) {
  const [asking, setAsking] = G(false);
  const [state, setState] = G({ busy: false, error: null });
  const key = Q(null);
  const sure = Q(null);
  J(() => {
    if (asking) sure.current?.focus();
  }, [asking]);
  const cancel = async () => {
    key.current ??= randomId();
    setState({ busy: true, error: null });
    try {
      await cancelOrder(order.order_id, key.current);
      announce("The order is cancelled, and everything is back on the shelf.");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      key.current = null;
      setState({ busy: false, error });
    }
  };
  if (!asking) {
    return fe`<button class="button quiet" type="button" onClick=${() => setAsking(true)}>Cancel the order</button>`;
  }
  return fe`<div class="sure" role="group" aria-label="Cancel the order?">
    <p>Cancel it? Everything goes back on the shelf.</p>
    ${state.error && fe`<p role="alert">${describeError(state.error).title}. ${describeError(state.error).text}</p>`}
    <div class="actions">
      <button
        ref=${sure}
        class="button"
        type="button"
        aria-disabled=${state.busy ? "true" : void 0}
        onClick=${() => state.busy || cancel()}
      >
        ${state.busy ? "Cancelling…" : "Yes, cancel it"}
      </button>
      <button class="button quiet" type="button" onClick=${() => setAsking(false)}>Keep it</button>
    </div>
  </div>`;
}

// services/storefront/pages/views/orders.js
function OrdersView() {
  const [limit, setLimit] = G(PAGE_SIZE2);
  const { data, error, reload } = useOrders(limit);
  useRouteArrival(Boolean(data || error), "My orders");
  return fe`<div class="column roomy">
    <h1 tabindex="-1">My orders</h1>
    ${error && fe`<${ErrorNote} error=${error}><button class="button" type="button" onClick=${reload}>Try again</button><//>`}
    ${!data && !error && fe`<${OrdersPlaceholder} />`}
    ${data?.orders.length === 0 && fe`<${EmptyState} title="No orders yet">
      <p>Every order you make in this browser is kept here, with its receipt.</p>
      <p><a class="button" href="/">To the shelves</a></p>
    <//>`}
    ${data && fe`<ul class="orders">
      ${data.orders.map((order) => fe`<${Entry} key=${order.order_id} order=${order} />`)}
    </ul>`}
    ${data?.more && fe`<p class="more">
        <button class="button quiet" type="button" onClick=${() => setLimit(limit + PAGE_SIZE2)}>Older orders</button>
      </p>`}
  </div>`;
}
function Entry({ order }) {
  const names = order.items.map((item) => item.name ?? `Product ${item.product_id}`);
  const shown = names.length > 3 ? names.slice(0, 2) : names;
  const rest = names.length - shown.length;
  const what = shown.map((name, i2) => fe`${i2 > 0 && ", "}<bdi key=${i2}>${name}</bdi>`);
  return fe`<li class="entry">
    <h2 class="entry-name"><a href=${`/orders/${order.order_id}`}>${what}${rest > 0 && ` and ${counted(rest, "more", "more")}`}</a></h2>
    <p class="entry-when small soft"><span class="count">${orderNumber(order.order_id)}</span> · ${when(order.created_at)}</p>
    <p class="entry-status">
      <${StatusStamp} status=${order.status} />
      ${order.status === "CREATED" && fe`${" "}<span class="small"><${TimeLeft} until=${order.expires_at} /></span>`}
    </p>
    <p class="entry-total money">${order.total_amount === null ? "–" : money(minorOf(order.total_amount, order.currency), order.currency)}</p>
  </li>`;
}
function OrdersPlaceholder() {
  return fe`<ul class="orders" aria-busy="true" aria-label="Fetching your orders">
    ${[1, 2, 3].map(
    (i2) => fe`<li key=${i2} class="entry placeholder" aria-hidden="true">
        <span class="blank"></span><span class="blank short"></span>
      </li>`
  )}
  </ul>`;
}

// services/storefront/pages/components/add-button.js
function AddButton({ product, quantity = 1, whole = false }) {
  const held = unitsInCart(useStore(cart), product.id);
  const [busy, setBusy] = G(false);
  const [refused, setRefused] = G("");
  const adding = Q(false);
  if (product.stock === 0)
    return fe`<button class="button add" type="button" disabled>
      Sold out<span class="unseen">: <bdi>${product.name}</bdi></span>
    </button>`;
  const all = held + quantity > product.stock;
  const add = async () => {
    if (adding.current || all) return;
    adding.current = true;
    setBusy(true);
    setRefused("");
    try {
      await addToCart(product.id, quantity);
      announce(
        `${product.name} is in your cart. ${unitsInCart(cart.value, product.id)} of it now.`
      );
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { title, text } = describeError(error);
      setRefused(`${title}. ${text}`);
    } finally {
      adding.current = false;
      setBusy(false);
    }
  };
  return fe`<button
      class="button add"
      type="button"
      aria-disabled=${all || busy ? "true" : void 0}
      onClick=${add}
    >
      ${busy ? "Adding…" : all ? "That is all" : whole ? "Add to cart" : "Add"}
      ${!whole && fe`<span class="unseen">${" "}${all ? `of ${product.name}` : `${product.name} to cart`}</span>`}
    </button>
    ${refused && fe`<p class="refused small" role="alert">${refused}</p>`}`;
}

// services/storefront/pages/components/product-card.js
function ProductCard({ product }) {
  const held = unitsInCart(useStore(cart), product.id);
  return fe`<li class=${`product-card${product.stock === 0 ? " out" : ""}`}>
    <div class="stand">
      <${Picture} product=${product} />
      <${StockStamp} stock=${product.stock} />
    </div>
    <div class="plank"><${PriceTag} product=${product} /></div>
    <h2 class="product-name"><a href=${`/products/${product.id}`} dir="auto">${product.name}</a></h2>
    <p class="product-stock small">
      ${product.stock > 5 && fe`<span class="there">${describeStock(product.stock).text}</span>`}
      ${held > 0 && fe`<span class="held">${held} in your cart</span>`}
    </p>
    <${AddButton} product=${product} />
  </li>`;
}
var LONG_PRICE = 12;
function PriceTag({ product }) {
  const price = money(minorOf(product.price, product.currency), product.currency);
  const size = price.length > LONG_PRICE ? " long" : "";
  return fe`<span class=${`price-tag money${size}`}><span class="unseen">Price </span>${price}</span>`;
}
function StockStamp({ stock }) {
  if (stock > 5) return null;
  const { text, tone } = describeStock(stock);
  return fe`<span class=${`stamp tilted ${tone}`}>${text}</span>`;
}
function ProductCardPlaceholder() {
  return fe`<li class="product-card placeholder" aria-hidden="true">
    <div class="stand"></div>
    <div class="plank"><span class="price-tag"></span></div>
    <p class="product-name"><span class="blank"></span></p>
    <p class="product-stock small"><span class="blank short"></span></p>
    <span class="button add"></span>
  </li>`;
}

// services/storefront/pages/views/product.js
var BESIDE = 4;
function ProductView({ id }) {
  const kept = productsById.value.get(Number(id)) ?? null;
  const { data: product, error } = useResource(id, (signal) => loadProduct(id, signal), kept);
  useRouteArrival(Boolean(product || error), product?.name ?? "");
  if (error) {
    return fe`<h1 tabindex="-1">Not on the shelves</h1>
      <${ErrorNote} error=${error}><a class="button" href="/">To the shelves</a><//>`;
  }
  return fe`<article class="product">
      <div class=${`stand${product ? "" : " placeholder"}`}>${product && fe`<${Picture} product=${product} />`}</div>
      <div class="plank" aria-hidden="true">${product && fe`<${PriceTag} product=${product} />`}</div>
      ${product ? fe`<${ProductDetails} product=${product} />` : fe`<${ProductDetailsPlaceholder} />`}
    </article>
    ${product && fe`<${Neighbours} product=${product} />`}`;
}
function ProductDetails({ product }) {
  const [quantity, setQuantity2] = G(1);
  const held = unitsInCart(useStore(cart), product.id);
  const left = Math.max(1, Math.min(product.stock - held, 1e3));
  const stock = describeStock(product.stock);
  return fe`<div class="about">
    <p class="about-shelf"><a href=${shelfUrl({ category: product.category })} dir="auto">${product.category}</a></p>
    <h1 tabindex="-1" dir="auto">${product.name}</h1>
    <p class="about-price money">${money(minorOf(product.price, product.currency), product.currency)}</p>
    <p><span class=${product.stock > 5 ? "there" : `stamp ${stock.tone}`}>${stock.text}</span></p>
    <p class="about-words" dir="auto">${product.description}</p>
    <div class="about-buy">
      ${product.stock > 0 && fe`<${Quantity} value=${Math.min(quantity, left)} name=${product.name} most=${left} onChange=${setQuantity2} />`}
      <${AddButton} product=${product} quantity=${Math.min(quantity, left)} whole />
    </div>
    <p class="product-stock small">${held > 0 && fe`<span class="held">${held} in your cart</span>`}</p>
    <p class="about-foot small soft">
      ${product.sku && fe`<span>No. ${product.sku}</span>`}
      <${CopyLink} path=${`/products/${product.id}`} name=${product.name} />
    </p>
  </div>`;
}
function ProductDetailsPlaceholder() {
  return fe`<div class="about placeholder" aria-hidden="true">
    <h1 tabindex="-1"><span class="blank"></span></h1>
    <p><span class="blank short"></span></p>
    <p><span class="blank"></span><span class="blank"></span></p>
  </div>`;
}
function Neighbours({ product }) {
  const { items } = useProductList(
    new URLSearchParams({ category: product.category }).toString(),
    0
  );
  const others = items?.filter((item) => item.id !== product.id) ?? [];
  const from = others.findIndex((item) => item.id > product.id);
  const near = [...others.slice(Math.max(from, 0)), ...others].slice(
    0,
    Math.min(BESIDE, others.length)
  );
  if (near.length === 0) return null;
  return fe`<section class="beside" aria-labelledby="beside">
    <h2 id="beside">Beside it on the shelf</h2>
    <ul class="shelf">${near.map((item) => fe`<${ProductCard} key=${item.id} product=${item} />`)}</ul>
  </section>`;
}

// services/storefront/pages/views/receipt.js
function ReceiptView({ id }) {
  const { data: order, error, reload, reloadIfIdle } = useReceipt(id);
  J(() => {
    const look = () => document.hidden || reloadIfIdle();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [reloadIfIdle]);
  useRouteArrival(Boolean(order || error), "Receipt");
  if (error?.code === "receipt_not_found") {
    return fe`<h1 tabindex="-1">No such receipt</h1>
      <${EmptyState} title="This link leads to no receipt">
        <p>It is cut short, a newer link has taken its place, or the shop has withdrawn it.</p>
        <p><a class="button" href="/">To the shelves</a></p>
      <//>`;
  }
  return fe`<div class="column">
    <h1 tabindex="-1">Receipt</h1>
    ${error && fe`<${ErrorNote} error=${error}><button class="button" type="button" onClick=${reload}>Try again</button><//>`}
    ${!order && !error && fe`<${ReceiptPlaceholder} />`}
    ${order && fe`<${OrderReceipt} order=${order} events=${order.events}>
        <p class="receipt-stamp"><${StatusStamp} status=${order.status} /></p>
      <//>`}
  </div>`;
}

// services/storefront/pages/components/filter-bar.js
function FilterBar({ filters }) {
  return fe`<${Categories} filters=${filters} /><${FilterForm} filters=${filters} />`;
}
function Categories({ filters }) {
  const told = useStore(categories)?.list;
  const query = categoryQuery(filters, useStore(currency));
  J(() => {
    const ending = new AbortController();
    loadCategories(query, ending.signal).catch(() => {
    });
    return () => ending.abort();
  }, [query]);
  const total = told?.reduce((sum, one) => sum + one.count, 0);
  const chosen = filters.category;
  const isTold = chosen === "" || told?.some((one) => one.name === chosen);
  const all = isTold ? told : told && [...told, { name: chosen, count: 0 }];
  const shelf = (name, count) => fe`<li key=${name}>
    <a
      class="tab"
      href=${shelfUrl({ ...filters, category: name })}
      aria-current=${filters.category === name ? "true" : void 0}
      ><span class="tab-name" dir="auto">${name || "Everything"}</span>${" "}<span class="count soft">${count}</span></a
    >
  </li>`;
  return fe`<nav class="tabs" aria-label="Shelves">
    <ul>
      ${all ? [shelf("", total), ...all.map((one) => shelf(one.name, one.count))] : fe`<li class="tab blank-tab" aria-hidden="true"></li>`}
    </ul>
  </nav>`;
}
function FilterForm({ filters }) {
  const change = (changes) => navigate(shelfUrl({ ...filters, ...changes }), { replace: true });
  const narrowed = filters.min || filters.max || filters.stock;
  const [open, setOpen] = G(Boolean(narrowed || filters.sort !== "id"));
  return fe`<form
    class=${`filter-form${open ? " open" : ""}`}
    aria-label="Filters"
    onSubmit=${(event) => event.preventDefault()}
  >
    <button class="button quiet filter-form-toggle" type="button" aria-expanded=${open} onClick=${() => setOpen(!open)}>
      Filter and sort
    </button>
    <div class="filter-form-fields">
      <fieldset class="prices">
        <legend>Price</legend>
        <${PriceField} label="Lowest price" placeholder="from" value=${filters.min} onChange=${(min) => change({ min })} />
        <span aria-hidden="true">–</span>
        <${PriceField} label="Highest price" placeholder="to" value=${filters.max} onChange=${(max) => change({ max })} />
      </fieldset>
      <label class="tick">
        <input
          type="checkbox"
          checked=${filters.stock !== ""}
          onChange=${(event) => change({ stock: event.currentTarget.checked ? "1" : "" })}
        />
        In stock only
      </label>
      <div class="sort">
        <label for="sort">Sort by</label>
        <select
          id="sort"
          class="field"
          value=${filters.sort}
          onChange=${(event) => change({ sort: event.currentTarget.value })}
        >
          ${SORT_OPTIONS.map(([key, words]) => fe`<option value=${key} selected=${key === filters.sort}>${words}</option>`)}
        </select>
      </div>
      ${narrowed && fe`<button class="text-button" type="button" onClick=${() => change({ min: "", max: "", stock: "" })}>
        Clear
      </button>`}
    </div>
  </form>`;
}
function PriceField({ label, placeholder, value, onChange }) {
  const inCurrency = useStore(currency);
  const [text, setText] = G(value);
  const isWrong = (price) => price !== "" && !isPrice(price, inCurrency);
  const changed = (event) => {
    const price = event.currentTarget.value.trim();
    setText(price);
    if (!isWrong(price)) onChange(price.replace(",", "."));
  };
  const wrong = inCurrency !== null && isWrong(text);
  return fe`<span class="price-field">
    <input class="field count" inputmode="decimal" maxlength="14" aria-label=${label} placeholder=${placeholder}
      aria-invalid=${wrong ? "true" : void 0} value=${value} onChange=${changed} />
    ${wrong && fe`<span class="wrong small" role="alert">A price such as ${examplePrice(inCurrency)}</span>`}
  </span>`;
}

// services/storefront/pages/views/shelf.js
var PLACEHOLDERS = Array.from({ length: 12 }, (_2, i2) => i2);
function ShelfView() {
  const { query, shownCount } = useStore(route);
  const filters = parseFilters(query);
  const inCurrency = useStore(currency);
  const apiParameters = apiQuery(filters, inCurrency);
  const { items, after, busy, error, loadMore } = useProductList(apiParameters, shownCount);
  useRouteArrival(items !== null || error !== null, headline(filters));
  J(() => items && rememberShownCount(items.length), [items]);
  const total = countOf(filters, inCurrency, useStore(categories));
  useAnnouncedCount(items, busy, items && countText(items, after, total));
  return fe`<div class="shelf-head">
      <h1 tabindex="-1" dir="auto">${headline(filters) || "What is on the shelves"}</h1>
      <p class="shelf-count soft count">${items ? countText(items, after, total) : " "}</p>
    </div>
    <${FilterBar} filters=${filters} />
    ${error && fe`<${ErrorNote} error=${error}><a class="button" href="/">Show everything</a><//>`}
    ${items && items.length === 0 && !error ? fe`<${EmptyState} title="Nothing like that on the shelves">
          <p>Try another word, or fewer filters.</p>
          <p><a class="button" href="/">Show everything</a></p>
        <//>` : fe`<ul class=${`shelf${busy && items ? " busy" : ""}`} aria-busy=${busy}>
          ${items ? items.map(
    (product) => fe`<${ProductCard} key=${product.id} product=${product} />`
  ) : PLACEHOLDERS.map((i2) => fe`<${ProductCardPlaceholder} key=${`blank ${i2}`} />`)}
        </ul>`}
    ${items && after && fe`<${More} busy=${busy} loadMore=${loadMore} />`}`;
}
function headline({ q: q2, category }) {
  if (q2 && category) return `“${q2}” among ${category}`;
  if (q2) return `“${q2}”`;
  return category && category.charAt(0).toUpperCase() + category.slice(1);
}
function countText(items, after, total) {
  if (!after) return counted(items.length, "thing");
  return total ? `${items.length} of ${counted(total, "thing")}` : `The first ${items.length} things`;
}
function countOf(filters, inCurrency, told) {
  if (told?.query !== categoryQuery(filters, inCurrency)) return null;
  const { category } = filters;
  const counted2 = told.list.filter((one) => !category || one.name === category);
  return counted2.reduce((sum, one) => sum + one.count, 0);
}
function useAnnouncedCount(items, busy, words) {
  const before = Q(null);
  J(() => {
    if (busy || !items) return;
    if (before.current && before.current !== items) {
      announce(items.length ? `${words} on the shelf.` : "Nothing like that on the shelves.");
    }
    before.current = items;
  }, [items, busy]);
}
function More({ busy, loadMore }) {
  const button = Q(null);
  const latest = Q(loadMore);
  latest.current = loadMore;
  J(() => {
    if (busy) return void 0;
    const watch = new IntersectionObserver(
      (seen) => seen.some((one) => one.isIntersecting) && latest.current(),
      { rootMargin: "400px" }
    );
    watch.observe(button.current);
    return () => watch.disconnect();
  }, [busy]);
  return fe`<p class="more">
    <button
      ref=${button}
      class="button quiet"
      type="button"
      aria-disabled=${busy ? "true" : void 0}
      onClick=${() => busy || loadMore()}
    >
      ${busy ? "Fetching more…" : "Show more"}
    </button>
  </p>`;
}

// services/storefront/pages/views/thanks.js
function ThanksView({ id }) {
  const { data, error } = useOrder(id);
  const paid = data?.order.status === "PAID";
  useRouteArrival(Boolean(paid || error), "Thank you");
  K(() => {
    if (data && !paid) navigate(`/orders/${id}`, { replace: true });
  }, [data]);
  if (error) {
    return fe`<div class="column">
      <h1 tabindex="-1">No such order</h1>
      <${ErrorNote} error=${error}><a class="button" href="/orders">My orders</a><//>
    </div>`;
  }
  return fe`<div class="column thanks">
    <h1 tabindex="-1">Thank you. It is paid.</h1>
    <p>Your things are put aside for you. This receipt stays under “My orders”.</p>
    ${paid ? fe`<${OrderReceipt} order=${data.order} events=${data.events}>
          <p class="receipt-stamp"><${StatusStamp} status="PAID" /></p>
        <//>
        <${ReceiptLink} orderId=${id} />` : fe`<${ReceiptPlaceholder} />`}
    <p class="actions">
      <a class="button" href="/">Back to the shelves</a>
      <a class="button quiet" href="/orders">My orders</a>
    </p>
  </div>`;
}

// services/storefront/pages/views/shop.js
var VIEWS = [
  [/^\/$/, ShelfView],
  [/^\/products\/(\d{1,18})$/, ProductView],
  [/^\/checkout$/, CheckoutView],
  [/^\/orders$/, OrdersView],
  [/^\/orders\/([\w-]{1,64})\/thanks$/, ThanksView],
  [/^\/orders\/([\w-]{1,64})$/, OrderView],
  [/^\/receipt\/([\w-]{1,64})$/, ReceiptView]
];
function Shop() {
  const { path, cartOpen } = useStore(route);
  const [View, id] = viewAt(path);
  return fe`<${Header} />
    <main id="main" tabindex="-1"><${View} key=${path} id=${id} /></main>
    <footer class="footer small soft"><p>Tuckshop. Open all hours.</p></footer>
    ${cartOpen ? fe`<${CartDrawer} />` : fe`<${Notices} />`}`;
}
function viewAt(path) {
  for (const [pattern, View] of VIEWS) {
    const found = pattern.exec(path);
    if (found) return [View, found[1]];
  }
  return [NotFoundView];
}
function NotFoundView() {
  useRouteArrival(true, "No such page");
  return fe`<h1 tabindex="-1">No such page</h1>
    <${EmptyState} title="This shelf does not exist">
      <p>The link is old, or cut short.</p>
      <p><a class="button" href="/">To the shelves</a></p>
    <//>`;
}

// services/storefront/pages/main.js
startRouter();
keepSessionFresh();
watchCart();
resumePurchase();
M(fe`<${Shop} />`, document.getElementById("shop"));
