#include "libs/http_server/router.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "libs/strings/view.h"

namespace lmsmail::http_server {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> SegmentsOf(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return absl::StrSplit(ToAbsl(path), '/');
}

bool IsParameter(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}
bool TakesRest(std::string_view segment) {
  return IsParameter(segment) && segment.ends_with("...}");
}

std::optional<Parameters> MatchSegments(const std::vector<std::string>& pattern,
                                        const std::vector<std::string>& path) {
  Parameters parameters;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view expected = pattern[i];
    if (i >= path.size()) return {};
    if (!IsParameter(expected)) {
      if (path[i] != expected) return {};
      continue;
    }
    if (path[i].empty()) return {};
    if (TakesRest(expected)) {
      parameters.emplace_back(
          expected.substr(1, expected.size() - 5),
          absl::StrJoin(path.begin() + static_cast<std::ptrdiff_t>(i), path.end(), "/"));
      return parameters;
    }
    parameters.emplace_back(expected.substr(1, expected.size() - 2), path[i]);
  }
  if (path.size() != pattern.size()) return {};
  return parameters;
}

Response NotFound() { return Response::Text(404, "Not Found\n"); }

Response NotAllowed(std::string_view method, std::string allow) {
  Response response =
      method == "OPTIONS" ? Response{.status = 204} : Response::Text(405, "Method Not Allowed\n");
  response.headers.Set("Allow", std::move(allow));
  return response;
}

}  // namespace

void Router::Add(std::string method, std::string_view pattern, Handler handler,
                 RouteOptions options) {
  routes_.push_back({.method = std::move(method),
                     .pattern = std::string(pattern),
                     .segments = SegmentsOf(pattern),
                     .handler = std::move(handler),
                     .options = options});
}

Router::Match Router::Find(std::string_view method, std::string_view path) const {
  const std::vector<std::string> segments = SegmentsOf(path);
  Match match;
  const Route* get = nullptr;
  Parameters get_parameters;
  std::vector<std::string> methods;
  const auto allow = [&](std::string_view allowed) {
    if (std::ranges::find(methods, allowed) == methods.end()) methods.emplace_back(allowed);
  };
  for (const Route& route : routes_) {
    auto parameters = MatchSegments(route.segments, segments);
    if (!parameters) continue;
    if (route.method == method) {
      match.route = &route;
      match.parameters = *std::move(parameters);
      return match;
    }
    if (route.method == "GET") {
      allow("HEAD");
      if (get == nullptr) {
        get = &route;
        get_parameters = *std::move(parameters);
      }
    }
    allow(route.method);
  }
  if (method == "HEAD" && get != nullptr) {
    match.route = get;
    match.parameters = std::move(get_parameters);
  } else if (!methods.empty()) {
    allow("OPTIONS");
    std::ranges::sort(methods);
    match.allow = absl::StrJoin(methods, ", ");
  }
  return match;
}

Admit Router::admit() const {
  return [this](const Request& request) {
    Match match = Find(request.method, request.path);
    Admission admission;
    if (match.route != nullptr) {
      admission.body_bytes = match.route->options.body_bytes;
    } else if (match.allow.empty()) {
      admission.refusal = NotFound();
    } else {
      admission.refusal = NotAllowed(request.method, std::move(match.allow));
    }
    return admission;
  };
}

Handler Router::handler() const {
  return [this](Request request, Responder responder) {
    Match match = Find(request.method, request.path);
    if (match.route != nullptr) {
      responder.SetRoute(match.route->pattern);
      request.parameters = std::move(match.parameters);
      match.route->handler(std::move(request), std::move(responder));
    } else if (match.allow.empty()) {
      responder.Send(NotFound());
    } else {
      responder.Send(NotAllowed(request.method, std::move(match.allow)));
    }
  };
}

}  // namespace lmsmail::http_server
