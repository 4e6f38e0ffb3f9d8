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

// registry/dashboard/action-result.js
var SHOWN_MILLISECONDS = 8e3;
function ActionResult({ result, dismiss }) {
  J(() => {
    if (!result || result.failed) return void 0;
    const timer = setTimeout(dismiss, SHOWN_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [result]);
  return fe`<div role="status">
    ${result && fe`<p class="notice ${result.failed ? "problem" : "there"}">
      <span>${result.text}</span>
      <button type="button" class="text-button" onClick=${dismiss}>Close</button>
    </p>`}
  </div>`;
}

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
    ([decimals, codes]) => codes.split(" ").map((code) => [code, Number(decimals)])
  )
);
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
function clockTime(time) {
  return timeOfDay.format(new Date(time));
}

// registry/dashboard/texts.js
var DRAINED = "drained by the operator";
var STATE_NAMES = {
  up: "Up",
  draining: "Draining",
  suspect: "In doubt",
  down: "Down"
};
var STATE_MEANINGS = {
  up: "calls go to it",
  draining: "calls go to others, as long as there are any",
  suspect: "silent or reported; calls go to others first",
  down: "silent for long; called only when nobody else is left"
};
function instanceName({ service, instance_id }) {
  return instance_id.startsWith(service) ? instance_id : `${instance_id} of ${service}`;
}
function isDrained({ reason }) {
  return reason?.includes(DRAINED) ?? false;
}
function eventSentence({ what, detail }) {
  switch (what) {
    case "registered":
      return `registered ${detail}.`;
    case "up":
      return `is up${because(detail)}.`;
    case "draining":
      return detail.startsWith("draining") ? `is ${detail}.` : `is draining: ${detail}.`;
    case "suspect":
      return `is in doubt: ${detail}.`;
    case "down":
      return `is down: ${detail}.`;
    case "superseded":
      return `was replaced ${detail}.`;
    case "removed":
      return detail === "taken out" ? "was taken out." : `was taken out: ${detail}.`;
    default:
      return `${what}: ${detail}.`;
  }
}
function eventLabel({ what, detail }) {
  switch (what) {
    case "registered":
      return "Registered";
    case "up":
      return detail === "heartbeat" ? "Heartbeat again" : "Taken back";
    case "draining":
      return detail.includes(DRAINED) ? "Drained" : "Stopping";
    case "suspect":
      return detail.startsWith("no heartbeat") ? "Lease ran out" : "Reported by a caller";
    case "down":
      return "Given up";
    default:
      return STATE_NAMES[what] ?? what;
  }
}
function because(detail) {
  const causes = {
    heartbeat: " again: its heartbeat came",
    "its own request": " at its own request",
    "the operator's override": " again: taken back by the operator",
    // As release 0.1.0 wrote them, whose history may still be there.
    "its own word": " at its own request",
    "the operator's word": " again: taken back by the operator"
  };
  return causes[detail] ?? (detail ? `: ${detail}` : "");
}
function headline(instances) {
  const others = instances.filter(({ state }) => state !== "up");
  if (instances.length === 0) {
    return "Nobody is registered yet.";
  }
  if (others.length === 0) {
    return instances.length === 1 ? "The only instance is up." : `All ${instances.length} instances are up.`;
  }
  if (others.length === 1) {
    return `${instanceName(others[0])} is ${STATE_NAMES[others[0].state].toLowerCase()}.`;
  }
  return `${others.length} of ${counted(instances.length, "instance")} are not up.`;
}
function stateSetText(instance) {
  const name = instanceName(instance);
  if (isDrained(instance)) {
    return instance.state === "down" ? `${name} is drained. It is down, and stays drained when it is back.` : `${name} is draining: calls go to others, as long as there are any.`;
  }
  return instance.state === "up" ? `${name} is taken back: calls go to it again.` : `${name} is taken back. It is ${STATE_NAMES[instance.state].toLowerCase()} now.`;
}
function stateNotSetText(instance, state, { status, message }) {
  const asked = `${state === "draining" ? "drain" : "take back"} ${instanceName(instance)}`;
  return status === 0 ? `The registry was to ${asked}, and did not answer. The table tells how it stands.` : `The registry was to ${asked}, and answered: ${message}`;
}

// registry/dashboard/announcement.js
function useAnnouncement(events, secondsLost) {
  const [text, setText] = G("");
  const newest = Q(null);
  const lost = secondsLost !== null;
  const wasLost = Q(false);
  J(() => {
    if (events === null) return;
    const before = newest.current;
    newest.current = events[0]?.at ?? "";
    const news = events.filter(({ at, detail }) => at > before && !detail.includes("operator"));
    if (before !== null && news.length > 0) {
      const sentences = news.map((event) => `${instanceName(event)} ${eventSentence(event)}`);
      setText(sentences.reverse().join(" "));
    }
  }, [events]);
  J(() => {
    if (lost !== wasLost.current) {
      setText(lost ? "No contact with the registry. Trying again." : "There is contact again.");
    }
    wasLost.current = lost;
  }, [lost]);
  return text;
}

// registry/dashboard/confirm-drain.js
function ConfirmDrain({ instance, onAnswer }) {
  const dialog = Q();
  const drain = Q(false);
  J(() => dialog.current.showModal(), []);
  function close(yes) {
    drain.current = yes;
    dialog.current.close();
  }
  return fe`<dialog
    ref=${dialog}
    class="confirm"
    aria-labelledby="confirm-title"
    aria-describedby="confirm-text"
    onClose=${() => onAnswer(drain.current)}
  >
    <h2 id="confirm-title">Drain ${instanceName(instance)}?</h2>
    <p id="confirm-text">
      It is the last instance of ${instance.service} that is up. Calls will still reach it while
      there is nobody else; once it stops, ${instance.service} is away.
    </p>
    <p class="choices">
      <button type="button" class="button quiet" onClick=${() => close(false)}>Leave it up</button>
      <button type="button" class="button" onClick=${() => close(true)}>Drain it</button>
    </p>
  </dialog>`;
}

// registry/dashboard/state-icon.js
var SHAPES = {
  up: fe`<circle cx="8" cy="8" r="6.5" />`,
  draining: fe`<circle cx="8" cy="8" r="5.75" class="drawn" />
    <path d="M2.25 8a5.75 5.75 0 0 0 11.5 0z" />`,
  suspect: fe`<path d="M8 1 15 8 8 15 1 8z" class="drawn" />
    <path d="M8 5v3.5" class="drawn" />
    <circle cx="8" cy="10.6" r="1" />`,
  down: fe`<path d="m3 3 10 10M13 3 3 13" class="drawn heavy" />`,
  registered: fe`<path d="M8 2v12M2 8h12" class="drawn" />`
};
var OTHER = fe`<path d="M2 8h12" class="drawn" />`;
function StateIcon({ of }) {
  return fe`<svg class="state-icon ${of}" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
    ${SHAPES[of] ?? OTHER}
  </svg>`;
}

// registry/dashboard/connection.js
var UNNOTICED_SECONDS = 2;
function useSecondsLost({ connected, snapshot }) {
  const [now, setNow] = G(Date.now());
  const waiting = connected === false && snapshot !== null;
  J(() => {
    if (!waiting) return void 0;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1e3);
    return () => clearInterval(timer);
  }, [waiting]);
  const seconds = waiting ? Math.max(0, Math.floor((now - snapshot.at) / 1e3)) : 0;
  return seconds >= UNNOTICED_SECONDS ? seconds : null;
}
function ConnectionStatus({ secondsLost }) {
  return fe`<p class="contact ${secondsLost === null ? "there" : "low"}">
    <${StateIcon} of=${secondsLost === null ? "up" : "suspect"} />
    ${secondsLost === null ? "Live" : "No contact"}
  </p>`;
}
function connectionLostText(secondsLost, { at }) {
  const since = `No contact with the registry for ${secondsLost} s.`;
  return `${since} What you see is from ${clockTime(at)}. Trying again.`;
}

// registry/dashboard/animation.js
var FLASH_MILLISECONDS = 1400;
var RISE_MILLISECONDS = 180;
var reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
function flash(element) {
  if (!reducedMotion.matches) {
    const colors = ["var(--low-wash)", "var(--low-wash)", "transparent"];
    element.animate({ backgroundColor: colors }, { duration: FLASH_MILLISECONDS });
  }
}
function animateCountdown(line, share, seconds) {
  const before = line.getBoundingClientRect().width / line.parentElement.clientWidth;
  line.style.transform = `scaleX(${share})`;
  if (reducedMotion.matches || seconds <= 0) {
    return () => {
    };
  }
  const duration = seconds * 1e3;
  const rise = Math.min(RISE_MILLISECONDS / duration, 1);
  const running = line.animate(
    [
      { transform: `scaleX(${before})` },
      { transform: `scaleX(${share * (1 - rise)})`, offset: rise },
      { transform: "scaleX(0)" }
    ],
    { duration, fill: "forwards" }
  );
  return () => {
    line.style.transform = getComputedStyle(line).transform;
    running.cancel();
  };
}

// registry/dashboard/events.js
var eventKey = ({ at, what, service, instance_id, detail }) => JSON.stringify([at, what, service, instance_id, detail]);
function mergeEvents(newer, older) {
  const seen = new Set(newer.map(eventKey));
  return [...newer, ...older.filter((event) => !seen.has(eventKey(event)))];
}
function eventsByInstance(events) {
  const found = /* @__PURE__ */ new Map();
  for (const event of events) {
    const name = instanceKey(event);
    if (!found.has(name)) {
      found.set(name, []);
    }
    found.get(name).push(event);
  }
  return found;
}
var instanceKey = ({ service, instance_id }) => `${service}/${instance_id}`;
function stateSince(state, events = []) {
  let since = null;
  for (const { what, at } of events) {
    if (what === "registered") {
      return since ?? at;
    }
    if (what !== state) {
      return since;
    }
    since = at;
  }
  return since;
}
function isLastUp(instance, instances) {
  const up = instances.filter(({ state }) => state === "up");
  return up.length === 1 && up[0].instance_id === instance.instance_id;
}

// registry/dashboard/timestamp.js
var dayOf = new Intl.DateTimeFormat("en", { day: "numeric", month: "long" });
function day(time) {
  const midnight = (/* @__PURE__ */ new Date()).setHours(0, 0, 0, 0);
  const then = new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((midnight - then) / 864e5);
  return ["Today", "Yesterday"][days] ?? dayOf.format(then);
}
function Timestamp({ at, timeOnly = false }) {
  const other = timeOnly || day(at) === "Today" ? null : fe`<span class="day">${day(at)}</span> `;
  return fe`<time class="timestamp" datetime=${at}>${other}${clockTime(at)}</time>`;
}

// registry/dashboard/event-list.js
var AT_FIRST = 30;
var A_PAGE = 50;
function EventList({ events, loadEarlier }) {
  const newest = Q(events[0]?.at ?? "");
  const [shown, setShown] = G(AT_FIRST);
  async function showEarlier() {
    if (loadEarlier && events.length < shown + A_PAGE) await loadEarlier();
    setShown(shown + A_PAGE);
  }
  return fe`<section class="events" aria-labelledby="events-title">
    <h2 id="events-title">What happened</h2>
    ${events.length === 0 && fe`<p class="empty">Nothing has happened yet.</p>`}
    ${byDay(events.slice(0, shown)).map(
    ([name, ofDay]) => fe`<div class="day-of-events" key=${name}>
        <h3>${name}</h3>
        <ol>
          ${ofDay.map(
      (event) => fe`<${EventItem}
              key=${eventKey(event)}
              event=${event}
              isNew=${event.at > newest.current}
            />`
    )}
        </ol>
      </div>`
  )}
    ${events.length > 0 && fe`<${Earlier} more=${loadEarlier || shown < events.length} show=${showEarlier} />`}
  </section>`;
}
function EventItem({ event, isNew }) {
  const item = Q();
  J(() => {
    if (isNew) flash(item.current);
  }, []);
  return fe`<li ref=${item}>
    <${Timestamp} at=${event.at} timeOnly />
    <${StateIcon} of=${event.what} />
    <span class="sentence"><b>${instanceName(event)}</b> ${eventSentence(event)}</span>
  </li>`;
}
function Earlier({ more, show }) {
  const [loading, setLoading] = G(false);
  const [problem, setProblem] = G(null);
  const end = Q();
  const [asked, setAsked] = G(false);
  J(() => {
    if (asked && !more) end.current.focus();
  }, [!more]);
  async function fetchEarlier() {
    if (loading) return;
    setAsked(true);
    setLoading(true);
    setProblem(null);
    try {
      await show();
    } catch (error) {
      setProblem(
        error.status === 0 ? "The registry did not answer. Try again in a moment." : `The registry would not tell: ${error.message}.`
      );
    }
    setLoading(false);
  }
  if (!more) {
    return fe`<p class="soft small" tabindex="-1" ref=${end}>
      That is all the registry remembers.
    </p>`;
  }
  return fe`<p class="earlier">
    <button type="button" class="button quiet" aria-disabled=${loading} onClick=${fetchEarlier}>
      ${loading ? "Looking…" : "Show earlier"}
    </button>
    <span class="problem" role="alert">${problem}</span>
  </p>`;
}
function byDay(events) {
  const days = /* @__PURE__ */ new Map();
  for (const event of events) {
    const name = day(event.at);
    if (!days.has(name)) days.set(name, []);
    days.get(name).push(event);
  }
  return [...days];
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

// registry/dashboard/server-sent-events.js
var SILENT_SECONDS = 40;
async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    while (true) {
      const { done, value } = await soon(reader.read());
      if (done) {
        return;
      }
      const blocks = (text + value).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const data = dataOf(block);
        if (data) {
          yield JSON.parse(data);
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {
    });
  }
}
function soon(promise) {
  let timer;
  const late = new Promise((_2, reject) => {
    timer = setTimeout(() => reject(new Error("The stream is silent")), SILENT_SECONDS * 1e3);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
function dataOf(block) {
  return block.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart()).join("\n");
}

// registry/dashboard/registry-client.js
var CALL_SECONDS = 3;
var HISTORY_PAGE = 200;
var RegistryClient = class {
  #key;
  constructor(key) {
    this.#key = key;
  }
  /** Every service with its instances, and `at`: when that was so. */
  async services() {
    const { data } = await this.#call("GET", "/services");
    return { ...data, at: /* @__PURE__ */ new Date() };
  }
  /** A page of `events`, newest first; `after` is the `next` of the page before it. */
  async history(after = null) {
    const query = new URLSearchParams({ limit: HISTORY_PAGE, ...after && { after } });
    const { data, headers } = await this.#call("GET", `/history?${query}`);
    return { events: data, next: nextOf(headers.get("Link")) };
  }
  /** Say as the operator that an instance is to be `up` or `draining`; gives the instance. */
  async setState({ service, instance_id }, state) {
    const path = [service, instance_id].map(encodeURIComponent).join("/");
    const { data } = await this.#call("PUT", `/services/${path}/state`, { body: { state } });
    return data;
  }
  /** What happens from now on, as it happens, until `signal`. */
  async events(signal) {
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, CALL_SECONDS * 1e3);
    signal.addEventListener("abort", abort, { once: true });
    try {
      const answer = await fetch("/events", { headers: this.#headers, signal: controller.signal });
      if (!answer.ok) throw new ApiError(answer.status, {});
      return readEvents(answer.body);
    } finally {
      clearTimeout(timer);
    }
  }
  #call(method, path, options) {
    return send(method, path, { ...options, headers: this.#headers, timeoutSeconds: CALL_SECONDS });
  }
  get #headers() {
    return { "X-API-Key": this.#key };
  }
};
function keyRefusal({ status }) {
  switch (status) {
    case 401:
      return "That is not the operator key. It is the API_KEY that the shop was started with.";
    case 403:
      return "That is a customer’s token. This page takes the operator key.";
    default:
      return null;
  }
}
function nextOf(link) {
  const query = link?.match(/<[^?>]*\?([^>]*)>; rel="next"/)?.[1];
  return query ? new URLSearchParams(query).get("after") : null;
}

// registry/dashboard/feed.js
var FIRST_RETRY_MILLISECONDS = 500;
var LAST_RETRY_MILLISECONDS = 5e3;
var MAX_EVENTS = 2e3;
var Feed = class {
  /** What was reported last: `snapshot` and `events` are null until the first answer, and
   * `connected` until the first attempt has ended. */
  latest = { snapshot: null, events: null, next: null, connected: null };
  #registry;
  #onChange;
  #onKeyRefused;
  #ended = new AbortController();
  #wake = () => {
  };
  /** `onChange` is called with `latest` after each change; `onKeyRefused` once, with the reason in
   * words, when the registry does not accept the key. */
  constructor(registry, { onChange, onKeyRefused }) {
    this.#registry = registry;
    this.#onChange = onChange;
    this.#onKeyRefused = onKeyRefused;
    const poll = () => this.#wake();
    document.addEventListener("visibilitychange", poll, { signal: this.#ended.signal });
    this.#run();
  }
  end() {
    this.#ended.abort();
    this.#wake();
  }
  /** Take in an instance that was answered to another call. */
  putInstance(instance) {
    const { snapshot } = this.latest;
    const others = snapshot.services[instance.service] ?? [];
    const whole = others.map(
      (other) => instanceKey(other) === instanceKey(instance) ? instance : other
    );
    const services = { ...snapshot.services, [instance.service]: whole };
    this.#update({ snapshot: { ...snapshot, services } });
  }
  /** Add the next page of what happened before. */
  async loadEarlier() {
    const page2 = await this.#registry.history(this.latest.next);
    this.#update({ events: mergeEvents(this.latest.events, page2.events), next: page2.next });
  }
  async #run() {
    let pause = FIRST_RETRY_MILLISECONDS;
    while (!this.#ended.signal.aborted) {
      try {
        await this.#session(() => pause = FIRST_RETRY_MILLISECONDS);
      } catch (error) {
        const refusal = keyRefusal(error);
        if (refusal) {
          this.end();
          this.#onKeyRefused(refusal);
          return;
        }
      }
      this.#update({ connected: false });
      await this.#sleep(pause);
      pause = Math.min(pause * 2, LAST_RETRY_MILLISECONDS);
    }
  }
  async #session(begun) {
    const over = new AbortController();
    const end = () => over.abort();
    this.#ended.signal.addEventListener("abort", end, { once: true });
    try {
      const events = await this.#registry.events(over.signal);
      const [snapshot, page2] = await Promise.all([
        this.#registry.services(),
        this.#registry.history()
      ]);
      this.#update({ snapshot, connected: true, ...this.#withFirst(page2) });
      begun();
      await Promise.race([this.#follow(events), this.#poll(over.signal)]);
    } finally {
      end();
      this.#ended.signal.removeEventListener("abort", end);
    }
  }
  /** Keep the pages that were loaded, unless too much has happened to join the first to them. */
  #withFirst(page2) {
    const before = this.latest.events ?? [];
    const events = mergeEvents(page2.events, before);
    const overlap = events.length < page2.events.length + before.length;
    return overlap && events.length < MAX_EVENTS ? { events, next: this.latest.next } : page2;
  }
  async #follow(events) {
    for await (const event of events) {
      if (this.latest.events.length >= MAX_EVENTS) {
        return;
      }
      this.#update({ events: mergeEvents([event], this.latest.events) });
      this.#wake();
    }
  }
  async #poll(signal) {
    while (true) {
      await this.#sleep(pollMilliseconds(this.latest.snapshot));
      if (signal.aborted) return;
      const snapshot = await this.#registry.services();
      if (signal.aborted) return;
      this.#update({ snapshot });
    }
  }
  #update(changes) {
    if (!this.#ended.signal.aborted) {
      this.latest = { ...this.latest, ...changes };
      this.#onChange(this.latest);
    }
  }
  #sleep(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
};
function pollMilliseconds({ services }) {
  const ttls = Object.values(services).flat().map((instance) => instance.ttl);
  return Math.min(Math.max(Math.min(...ttls, 30) / 6 * 1e3, 500), 5e3);
}

// registry/dashboard/lease-line.js
function LeaseLine({ instance, at, live }) {
  const line = Q();
  const { ttl, expires_in } = instance;
  K(() => {
    if (!live) return void 0;
    const left = Math.max(0, expires_in - (Date.now() - at) / 1e3);
    return animateCountdown(line.current, left / ttl, left);
  }, [at, ttl, expires_in, live]);
  const length = `${Number(ttl.toFixed(1))} s`;
  const text = live ? expires_in > 0 ? length : "ran out" : "not known";
  return fe`<span class="lease ${live ? "" : "unknown"}">
    <span class="lease-place" aria-hidden="true">
      ${live && fe`<span class="lease-left" ref=${line}></span>`}
    </span>
    <span class="count small soft">${text}</span>
  </span>`;
}

// registry/dashboard/instance-row.js
function InstanceRow({ instance, events, at, live, isNew, busy, onSetState }) {
  const row = Q();
  const { service, instance_id, state, reason, url, version } = instance;
  const look = JSON.stringify([state, reason, url, version, instance.registered_at]);
  const shown = Q(isNew ? null : look);
  J(() => {
    if (shown.current !== look) flash(row.current);
    shown.current = look;
  }, [look]);
  const since = stateSince(state, events);
  const last = events?.[0];
  return fe`<tr role="row" ref=${row} class=${state}>
    <th role="rowheader" scope="row" class="name">
      <span class="service clamped" title=${service}>${service}</span>${" "}
      <span class="instance clamped" title=${instance_id}>${instance_id}</span>
    </th>
    <td role="cell" class="state">
      <span class="state-name"><${StateIcon} of=${state} /> ${STATE_NAMES[state] ?? state}</span>
      ${reason && fe` <span class="reason small">${reason}</span>`}
    </td>
    <${Cell} name="since" label="Since">
      ${since ? fe`<${Timestamp} at=${since} />` : "not known"}
    <//>
    <${Cell} name="lease-cell" label="Lease">
      <${LeaseLine} instance=${instance} at=${at} live=${live} />
    <//>
    <${Cell} name="last" label="Last event">
      ${last ? fe`${eventLabel(last)} <${Timestamp} at=${last.at} />` : "long ago"}
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
function Cell({ name, label, children }) {
  return fe`<td role="cell" class=${name}>
    <span class="label small soft" aria-hidden="true">${label}</span>
    <span class="value">${children}</span>
  </td>`;
}
function OperatorButton({ instance, busy, live, onSetState }) {
  const drained = isDrained(instance);
  const name = drained ? "Take back" : "Drain";
  const able = live && !busy;
  return fe`<button
    type="button"
    class="button quiet"
    aria-label=${`${name} ${instanceName(instance)}`}
    aria-disabled=${!able}
    onClick=${() => able && onSetState(drained ? "up" : "draining")}
  >
    ${busy ? "Wait…" : name}
  </button>`;
}

// registry/dashboard/services-table.js
var COLUMNS = ["Instance", "State", "Since", "Lease", "Last event", "Address", "Version"];
function ServicesTable({ snapshot, events, live, busy, onSetState }) {
  const drawn = Q(false);
  J(() => {
    drawn.current = true;
  }, []);
  const byInstance = eventsByInstance(events);
  const services = Object.entries(snapshot.services).filter(([, instances]) => instances.length > 0).sort(([one], [other]) => one < other ? -1 : 1);
  if (services.length === 0) {
    return fe`<p class="empty">
      Services come here by themselves once they run and know this registry’s address.
    </p>`;
  }
  return fe`
    <table role="table" class="services">
      <caption class="unseen">Every instance of every service</caption>
      <thead role="rowgroup">
        <tr role="row">
          ${COLUMNS.map(
    (name) => fe`<th role="columnheader" scope="col" key=${name}>${name}</th>`
  )}
          <th role="columnheader" scope="col"><span class="unseen">The operator’s word</span></th>
        </tr>
      </thead>
      ${services.map(
    ([service, instances]) => fe`<tbody role="rowgroup" key=${service}>
          ${instances.map(
      (instance) => fe`<${InstanceRow}
              key=${instance.instance_id}
              instance=${instance}
              events=${byInstance.get(instanceKey(instance))}
              at=${snapshot.at}
              live=${live}
              isNew=${drawn.current}
              busy=${busy.has(instanceKey(instance))}
              onSetState=${(state) => onSetState(instance, state)}
            />`
    )}
        </tbody>`
  )}
    </table>
    <${Legend} />
  `;
}
function Legend() {
  return fe`<dl class="legend small soft">
    ${Object.entries(STATE_MEANINGS).map(
    ([state, meaning]) => fe`<div key=${state}>
        <dt class=${state}><${StateIcon} of=${state} /> ${STATE_NAMES[state]}</dt>
        <dd>${meaning}</dd>
      </div>`
  )}
  </dl>`;
}

// registry/dashboard/dashboard.js
function Dashboard({ operatorKey, onKeyRefused, onForgetKey }) {
  const [latest, setLatest] = G({
    snapshot: null,
    events: null,
    next: null,
    connected: null
  });
  const feed = Q();
  const registry = Q();
  J(() => {
    registry.current = new RegistryClient(operatorKey);
    feed.current = new Feed(registry.current, { onChange: setLatest, onKeyRefused });
    return () => feed.current.end();
  }, [operatorKey]);
  const { snapshot, events, next, connected } = latest;
  const secondsLost = useSecondsLost(latest);
  const [result, setResult] = G(null);
  const [busy, setBusy] = G(/* @__PURE__ */ new Set());
  const [confirming, setConfirming] = G(null);
  const announcement = useAnnouncement(events, secondsLost);
  const summary = snapshot && headline(Object.values(snapshot.services).flat());
  const title = Q();
  J(() => {
    if (summary) document.title = `${summary} · Tuckshop`;
  }, [summary]);
  J(() => {
    if (document.activeElement === document.body) title.current?.focus();
  }, [snapshot === null]);
  async function setState(instance, state) {
    const name = instanceKey(instance);
    setBusy((names) => new Set(names).add(name));
    setResult(null);
    try {
      const now = await registry.current.setState(instance, state);
      feed.current.putInstance(now);
      setResult({ text: stateSetText(now) });
    } catch (error) {
      setResult({ text: stateNotSetText(instance, state, error), failed: true });
    }
    setBusy((names) => new Set([...names].filter((other) => other !== name)));
  }
  function requestState(instance, state) {
    const last = isLastUp(instance, snapshot.services[instance.service]);
    if (state === "draining" && last) {
      setConfirming(instance);
    } else {
      setState(instance, state);
    }
  }
  function confirmed(yes) {
    setConfirming(null);
    if (yes) setState(confirming, "draining");
  }
  return fe`
    <header class="top">
      <p class="brand">Tuckshop <span class="soft">· the back room</span></p>
      ${snapshot && fe`<${ConnectionStatus} secondsLost=${secondsLost} />`}
      <button type="button" class="text-button" onClick=${onForgetKey}>Forget the key</button>
    </header>
    <main class="dashboard">
      ${snapshot === null ? fe`<${Waiting} connected=${connected} />` : fe`
            <h1 tabindex="-1" ref=${title}>${summary}</h1>
            <${ServicesTable}
              snapshot=${snapshot}
              events=${events}
              live=${secondsLost === null}
              busy=${busy}
              onSetState=${requestState}
            />
            <${EventList}
              events=${events}
              loadEarlier=${next && (() => feed.current.loadEarlier())}
            />
            <p class="foot soft small">Shop ${snapshot.shop}</p>
          `}
      <div class="notices">
        ${secondsLost !== null && fe`<p class="notice low">${connectionLostText(secondsLost, snapshot)}</p>`}
        <${ActionResult} result=${result} dismiss=${() => setResult(null)} />
      </div>
      <p class="unseen" role="status">${announcement}</p>
    </main>
    ${confirming && fe`<${ConfirmDrain} instance=${confirming} onAnswer=${confirmed} />`}
  `;
}
function Waiting({ connected }) {
  return fe`<h1>${connected === false ? "The registry does not answer." : "Looking around…"}</h1>
    <p class="empty">${connected === false && "Trying again. The page fills by itself."}</p>`;
}

// registry/dashboard/operator-key.js
var STORED_AS = "operator-key";
function loadKey() {
  const brought = new URLSearchParams(location.hash.slice(1)).get("key");
  if (location.hash) {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  if (brought) {
    saveKey(brought);
  }
  return sessionStorage.getItem(STORED_AS);
}
function saveKey(key) {
  sessionStorage.setItem(STORED_AS, key);
}
function forgetKey() {
  sessionStorage.removeItem(STORED_AS);
}

// registry/dashboard/sign-in.js
function SignIn({ refusal, onAccepted }) {
  const field = Q();
  const [problem, setProblem] = G(refusal);
  const [checking, setChecking] = G(false);
  J(() => field.current.focus(), []);
  async function check(submission) {
    submission.preventDefault();
    const key = field.current.value.trim();
    if (checking) return;
    if (!key) {
      setProblem("Type the key first.");
      return;
    }
    setChecking(true);
    setProblem(null);
    const found = await problemWith(key);
    if (found === null) {
      onAccepted(key);
      return;
    }
    setChecking(false);
    setProblem(found);
    field.current.select();
  }
  return fe`<main class="sign-in">
    <p class="brand soft">Tuckshop</p>
    <h1>The back room</h1>
    <p>
      Every service of the shop, how it is doing, and what happened. The door opens with the
      operator key.
    </p>
    <form onSubmit=${check} noValidate>
      <label for="key">Operator key</label>
      <div class="key-line">
        <input
          id="key"
          class="field"
          type="password"
          autocomplete="off"
          spellcheck=${false}
          ref=${field}
          aria-invalid=${problem ? "true" : void 0}
          aria-describedby="problem key-note"
        />
        <button class="button" aria-disabled=${checking}>
          ${checking ? "Checking…" : "Come in"}
        </button>
      </div>
      <p id="key-note" class="soft small">
        It is kept for this tab alone and forgotten when the tab is closed.
      </p>
      <p id="problem" class="problem" role="alert">${problem}</p>
    </form>
  </main>`;
}
async function problemWith(key) {
  try {
    if (!/^[\x21-\x7e]+$/.test(key)) return keyRefusal({ status: 401 });
    await new RegistryClient(key).services();
    return null;
  } catch (error) {
    return keyRefusal(error) ?? (error.status === 0 ? "The registry does not answer, so the key could not be checked. Try again in a moment." : `The registry could not check the key: ${error.message}.`);
  }
}

// registry/dashboard/app.js
function App() {
  const [key, setKey] = G(loadKey);
  const [refusal, setRefusal] = G(null);
  J(() => {
    const take = () => setKey(loadKey());
    addEventListener("hashchange", take);
    return () => removeEventListener("hashchange", take);
  }, []);
  function enter(accepted) {
    saveKey(accepted);
    setRefusal(null);
    setKey(accepted);
  }
  function close(reason) {
    forgetKey();
    setRefusal(reason);
    setKey(null);
  }
  return key === null ? fe`<${SignIn} refusal=${refusal} onAccepted=${enter} />` : fe`<${Dashboard} key=${key} operatorKey=${key} onKeyRefused=${close} onForgetKey=${() => close(null)} />`;
}

// registry/dashboard/main.js
var page = document.getElementById("page");
page.replaceChildren();
M(fe`<${App} />`, page);
