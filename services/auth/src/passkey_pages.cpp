#include "passkey_pages.hpp"

#include "pages.hpp"

#include <gravity/base/html.hpp>

namespace gravity::issuer::pages {
namespace {

// One form: `data-passkey` says what the browser is to do ("create", "get"), `data-options` with what. What comes of it is the field `credential`; without the
// script it stays empty, and the answer says why.
constexpr std::string_view passkey_js = R"js("use strict";
(() => {
  const form = document.querySelector("form[data-passkey]");
  const alert = document.getElementById("passkey-fault");
  if (!form || !alert) return;
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = list => list.map(one => ({...one, id: bytes(one.id)}));
  const making = form.dataset.passkey === "create";

  const asked = () => {
    const options = JSON.parse(form.dataset.options);
    options.challenge = bytes(options.challenge);
    if (making) {
      options.user.id = bytes(options.user.id);
      options.excludeCredentials = known(options.excludeCredentials);
      return navigator.credentials.create({publicKey: options});
    }
    options.allowCredentials = known(options.allowCredentials);
    return navigator.credentials.get({publicKey: options});
  };
  const written = credential => {
    const said = credential.response, response = {clientDataJSON: text(said.clientDataJSON)};
    if (making) {
      response.attestationObject = text(said.attestationObject);
      response.transports = said.getTransports ? said.getTransports() : [];
    } else {
      response.authenticatorData = text(said.authenticatorData);
      response.signature = text(said.signature);
      if (said.userHandle && said.userHandle.byteLength > 0) response.userHandle = text(said.userHandle);
    }
    return JSON.stringify({id: credential.id, rawId: credential.id, type: credential.type, response});
  };
  const fail = why => {
    alert.textContent = why;
    alert.hidden = false;
  };
  let running = false;
  const run = async () => {
    if (running) return;
    if (!window.PublicKeyCredential || !navigator.credentials) return fail("This browser has no passkeys.");
    running = true;
    alert.hidden = true;
    try {
      form.elements.credential.value = written(await asked());
      form.submit();
    } catch (error) {
      fail(error.name === "InvalidStateError" ? "There is a passkey of yours on this device already." : "There was no passkey, or you did not allow it.");
    } finally {
      running = false;
    }
  };
  form.addEventListener("submit", event => {
    event.preventDefault();
    run();
  });
  if (!making && !form.hasAttribute("data-wait")) run();
})();
)js";

std::string passkey_alert(std::string_view fault) {
    return "<p role=\"alert\" id=\"passkey-fault\"" + std::string(fault.empty() ? " hidden" : "") + ">" + html_escape(fault) + "</p>" +
           "<noscript><p>For a passkey your browser has to run this page's script.</p></noscript>";
}

// With a fault the browser is asked again by who presses the button, not by itself.
std::string passkey_form(std::string_view action, std::string_view what, const Json& options, bool waits) {
    return "<form method=\"post\" action=\"" + std::string(action) + "\" data-passkey=\"" + std::string(what) + "\" data-options=\"" +
           html_escape(options.dump()) + "\"" + (waits ? " data-wait" : "") + ">" + hidden("credential", "");
}

std::string passkey_button(std::string_view text) { return "<button type=\"submit\">" + std::string(text) + "</button></form>"; }

Web making_page(std::string_view action, const std::string& fields, const Json& options) {
    const std::string content = passkey_alert({}) + passkey_form(action, "create", options, true) + fields +
                                "<label for=\"name\">What you call it, such as the device that it is on</label><input type=\"text\" id=\"name\" name=\"name\" "
                                "autocomplete=\"off\" maxlength=\"64\" required>" +
                                passkey_button("Make a passkey");
    return page(200, "Make a passkey", content, {}, passkey_script_path);
}

} // namespace

Web passkey_script() {
    Web web{"text/javascript; charset=utf-8", std::string(passkey_js)};
    web.headers = {{"Cache-Control", "max-age=300"}, {"X-Content-Type-Options", "nosniff"}, {"Cross-Origin-Resource-Policy", "same-origin"}};
    return web;
}

Web passkey_sign_in(const PasskeySignIn& asking, std::string_view fault, int status, const std::string& target) {
    const std::string flow = html_escape(asking.flow);
    std::string content = passkey_alert(fault) + passkey_form("/login/passkey", "get", asking.options, !fault.empty()) + hidden("flow", asking.flow) +
                          passkey_button("Use a passkey");
    if (asking.behind_password)
        content += "<p><a href=\"/login/code?flow=" + flow + "\">Use a code instead</a></p>";
    else
        content += "<p><a href=\"/login?flow=" + flow + "\">Use your password instead</a></p>";
    std::vector<std::string> back;
    if (!target.empty()) back.push_back(target);
    return page(status, asking.behind_password ? "One more step" : "Sign in with a passkey", content, back, passkey_script_path);
}

Web make_passkey(const PasskeyAsked& asking) { return making_page("/account/security/passkeys/add", hidden("proof", asking.proof), asking.options); }

Web regain_by_passkey(std::string_view token, const PasskeyAsked& asking) {
    return making_page("/login/regain/passkey/add", hidden("token", token) + hidden("proven", asking.proof), asking.options);
}

Web prove_by_passkey(const PasskeyAsked& asking, std::string_view fault, int status) {
    const std::string form = passkey_form("/account/security/passkey", "get", asking.options, !fault.empty()) + hidden("proof", asking.proof);
    const std::string content = passkey_alert(fault) + form + passkey_button("Use a passkey");
    return page(status, "Is it you?", content + "<p><a href=\"/account/security\">Your security</a></p>", {}, passkey_script_path);
}

} // namespace gravity::issuer::pages
