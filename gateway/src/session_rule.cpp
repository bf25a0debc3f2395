#include "mirror.hpp"
#include "redirect.hpp"
#include "session.hpp"

namespace gravity::gateway {

/// A preflight, a redirect, or nobody to go to: answered here. Else the backend is chosen.
bool Session::answered_by_rule(std::string_view bytes, const RequestHead& head) {
    const Route& route = *admission_.route;
    if (admission_.preflight) {
        reply(http::Response{204, {}, {}}, "preflight");
        return true;
    }
    if (route.rule->redirect) {
        http::Response response;
        response.status = route.rule->redirect->status;
        const std::string_view host = head.host(bytes), query = head.query.in(bytes);
        response.headers.add("Location", redirect_location(*route.rule->redirect, route.prefix, client_.secure(), host, path_, query));
        reply(std::move(response), "redirect");
        return true;
    }
    backend_ = choose(route, route.document->sticky ? admission_.caller : core_.choices().next());
    if (!backend_) {
        static constexpr Problem no_backend{500, "no-backend", "The route leads nowhere"};
        refuse(Refusal(no_backend));
        return true;
    }
    cluster_ = backend_->cluster;
    return false;
}

void Session::begin_mirrors() {
    const RuleSpec& rule = *admission_.route->rule;
    for (std::size_t i = 0; i < rule.mirrors.size(); ++i) {
        if (core_.choices().below(rule.mirrors[i].denominator) >= rule.mirrors[i].numerator) continue;
        mirrors_.push_back(std::make_shared<Mirror>(core_, snapshot_, *admission_.route->mirrors[i]));
        mirrors_.back()->start();
    }
}

/// What goes to the service goes to them as well, once: what is sent again after a failure has been whole before.
void Session::mirror(std::span<const std::string_view> pieces, bool with_head, bool whole) {
    for (const auto& copy : mirrors_) {
        if (with_head) {
            copy->add(std::string_view(request_head_).substr(0, request_head_.size() - 2));
            copy->add("Connection: close\r\n\r\n");
        }
        for (const std::string_view piece : pieces) copy->add(piece);
        if (whole) copy->finish();
    }
    if (whole) mirrors_.clear();
}

void Session::drop_mirrors() {
    for (const auto& copy : mirrors_) copy->abandon();
    mirrors_.clear();
}

} // namespace gravity::gateway
