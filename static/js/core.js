// What every page has for people who are signed in. Where static files are collected, it holds the modules themselves.
import "./first-use.js";
import "./toasts.js";
import "./connection.js";
import "./polling.js";
import "./notifications.js";
import "./shortcuts.js";
import "./cards.js";
import "./shell.js";
