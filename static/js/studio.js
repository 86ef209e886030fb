// The composer's modules. Where static files are collected, it holds them themselves.
import "./composer.js";
import "./composer-parameters.js";
import "./prompt-help.js";
import "./image-scaling.js";
import "./composer-images.js";
import "./template-variables.js";
import "./history-dialog.js";
