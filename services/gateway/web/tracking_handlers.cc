#include "services/gateway/web/tracking_handlers.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "services/gateway/webhooks/event_fields.h"

namespace lmsmail::gateway {
namespace {

using http_server::Request;
using http_server::Responder;
using http_server::Response;

// A transparent GIF of one pixel.
constexpr std::string_view kPixel(
    "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    "\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00;",
    43);

constexpr absl::Duration kRepetition = absl::Seconds(10);

Response PixelResponse() {
  return Response{.status = 200,
                  .headers = {{"Content-Type", "image/gif"},
                              {"Cache-Control", "no-store"},
                              // The page that shows the mail is another site's.
                              {"Cross-Origin-Resource-Policy", "cross-origin"}},
                  .body = std::string(kPixel)};
}

}  // namespace

TrackingHandlers::TrackingHandlers(const tracking::Links& links, EventBatchers& events,
                                   const Pages& pages, const Clock& clock,
                                   telemetry::Metrics& metrics)
    : links_(links),
      events_(events),
      pages_(pages),
      clock_(clock),
      opens_(CountersOf(metrics, "open")),
      clicks_(CountersOf(metrics, "click")) {}

TrackingHandlers::Counters TrackingHandlers::CountersOf(telemetry::Metrics& metrics,
                                                        std::string kind) {
  const telemetry::CounterFamily family = metrics.AddCounter(
      "lmsmail_tracking_requests_total",
      "Requests for pixels and links of mail by kind and visitor: person, prefetch, bot, head; "
      "invalid: the token is not ours.");
  const auto counter = [&](std::string_view visitor) {
    return family.With({{"kind", kind}, {"visitor", std::string(visitor)}});
  };
  return {{counter(NameOf(Visitor::kPerson)), counter(NameOf(Visitor::kPrefetch)),
           counter(NameOf(Visitor::kBot)), counter(NameOf(Visitor::kHead))},
          counter("invalid")};
}

Visitor TrackingHandlers::VisitorIn(const Request& request, const Counters& counters) {
  std::string_view purpose;
  for (const char* name : {"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"}) {
    if (purpose.empty()) purpose = request.headers.Get(name);
  }
  const Visitor visitor = VisitorOf({.head = request.method == "HEAD",
                                     .user_agent = request.headers.Get("User-Agent"),
                                     .purpose = purpose});
  counters.by_visitor.at(static_cast<std::size_t>(visitor)).Increment();
  return visitor;
}

ProviderEvent TrackingHandlers::NewEvent(EventType type, const std::string& message, int link,
                                         Visitor visitor) const {
  ProviderEvent event;
  event.type = type;
  event.time = clock_.Now();
  event.event_id =
      fmt::format("{}.{}.{}.{}.{}", type == EventType::kOpened ? 'o' : 'c', message, link,
                  IsMachine(visitor) ? 'm' : 'p', (*event.time - absl::UnixEpoch()) / kRepetition);
  event.message = fmt::format("messages/{}", message);
  event.machine = IsMachine(visitor);
  return event;
}

void TrackingHandlers::Open(const Request& request, Responder responder) {
  const auto message = links_.ParseOpen(request.Parameter("token"));
  if (!message) {
    opens_.invalid.Increment();
    return responder.Send(PixelResponse());
  }
  events_.Add(NewEvent(EventType::kOpened, *message, 0, VisitorIn(request, opens_)),
              [responder = std::move(responder)]() mutable { responder.Send(PixelResponse()); });
}

void TrackingHandlers::Click(const Request& request, Responder responder) {
  auto click = links_.ParseClick(request.Parameter("token"));
  if (!click) {
    clicks_.invalid.Increment();
    const Language& language = pages_.texts().Accepted(request.headers.Get("Accept-Language"));
    return responder.Send(Response::Html(404, pages_.ShowMessage(Message::kInvalidLink, language)));
  }
  ProviderEvent event =
      NewEvent(EventType::kClicked, click->message, click->link, VisitorIn(request, clicks_));
  event.link = click->link;
  event.links = click->links;
  event.detail = SiteOf(click->target);
  Response response{.status = 302, .headers = {{"Location", std::move(click->target)}}};
  events_.Add(std::move(event),
              [responder = std::move(responder), response = std::move(response)]() mutable {
                responder.Send(std::move(response));
              });
}

void AddTrackingRoutes(TrackingHandlers& handlers, http_server::Router& router) {
  router.Add("GET", "/o/{token}", [&handlers](const Request& request, Responder responder) {
    handlers.Open(request, std::move(responder));
  });
  router.Add("GET", "/c/{token}", [&handlers](const Request& request, Responder responder) {
    handlers.Click(request, std::move(responder));
  });
}

}  // namespace lmsmail::gateway
