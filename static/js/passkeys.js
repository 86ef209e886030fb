// Passkeys: adding one, and signing in with one. The form carries what the browser's authenticator answers.
import { gettext } from "./texts.js";

const FIELDS = ["challenge", "id"]; // binary in the browser's interface, base64url in JSON

const toBytes = (text) => {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
};

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

function decode(value) {
  if (Array.isArray(value)) return value.map(decode);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      FIELDS.includes(name) && typeof each === "string" ? toBytes(each) : decode(each),
    ]),
  );
}

// The `id` of `rp` is a host name, the only one that is not binary.
function publicKeyOf({ publicKey: { rp, ...others } }) {
  return rp ? { rp, ...decode(others) } : decode(others);
}

function encode(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function optionsOf(form) {
  const element = form.querySelector("#passkey-options");
  if (element) return JSON.parse(element.textContent);
  const reply = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!reply.ok) throw new DOMException("", reply.status === 429 ? "QuotaExceededError" : "NetworkError");
  return (await reply.json()).request_options;
}

async function ask(form) {
  const publicKey = publicKeyOf(await optionsOf(form));
  if (form.dataset.passkey !== "add") return navigator.credentials.get({ publicKey });
  const isAlone = form.elements.passwordless.checked;
  publicKey.authenticatorSelection = {
    ...publicKey.authenticatorSelection,
    residentKey: isAlone ? "required" : "discouraged",
    requireResidentKey: isAlone,
    ...(isAlone && { userVerification: "required" }),
  };
  return navigator.credentials.create({ publicKey });
}

const MESSAGES = {
  NotAllowedError: gettext("It was canceled, or took too long. Try again."),
  InvalidStateError: gettext("This device has a passkey for your account already."),
  SecurityError: gettext("Passkeys don’t work under this address: they need a host name, such as localhost, not a number."),
  NetworkError: gettext("The studio can’t be reached. Try again."),
  QuotaExceededError: gettext("Too many attempts. Wait a minute, then try again."),
};

function initialise(form) {
  const problem = form.querySelector("[role=alert]:not([id])");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    try {
      form.elements.credential.value = encode(await ask(form));
    } catch (error) {
      problem.textContent = MESSAGES[error.name] ?? gettext("This device couldn’t do it. Try another way to sign in.");
      problem.hidden = false;
      return;
    }
    form.submit();
  });
}

// Browsers offer it over HTTPS, and on this machine.
if (window.PublicKeyCredential) for (const form of document.querySelectorAll("[data-passkey]")) initialise(form);
else {
  for (const note of document.querySelectorAll(".no-script")) {
    note.classList.remove("no-script");
    note.textContent = gettext("This browser offers no passkeys here. They need HTTPS and a host name.");
  }
}
