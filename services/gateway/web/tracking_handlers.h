#pragma once

#include <array>
#include <string>

#include "libs/clock/clock.h"
#include "libs/http_server/responder.h"
#include "libs/http_server/router.h"
#include "libs/telemetry/metrics.h"
#include "libs/tracking/links.h"
#include "services/gateway/pages/pages.h"
#include "services/gateway/tracking/event_batcher.h"
#include "services/gateway/tracking/visitor.h"

namespace lmsmail::gateway {

// Answers the pixel and the links of tracked mails. Only the class of a visitor is kept. Does not
// block. Thread-safe. The arguments of the constructor must outlive it and its responders.
class TrackingHandlers {
 public:
  TrackingHandlers(const tracking::Links& links, EventBatchers& events, const Pages& pages,
                   const Clock& clock, telemetry::Metrics& metrics);

  // GET and HEAD of /o/{token}: always the image, so that no mail shows a broken one. Nothing is
  // recorded for a token that is not ours, a recipient who opted out, a mail that is no longer in
  // the log, and while dispatch is away for longer than events can be kept.
  void Open(const http_server::Request& request, http_server::Responder responder);
  // GET and HEAD of /c/{token}: a redirect to the target that the token names, in the same cases. A
  // token that is not ours leads nowhere.
  void Click(const http_server::Request& request, http_server::Responder responder);

 private:
  struct Counters {
    std::array<telemetry::Counter, 4> by_visitor;
    telemetry::Counter invalid;
  };
  static Counters CountersOf(telemetry::Metrics& metrics, std::string kind);
  static Visitor VisitorIn(const http_server::Request& request, const Counters& counters);
  // "o.<mail>.m.<time>": the same for repetitions within a few seconds, so that they count once and
  // nobody fills the log by reloading an image. The visitor is a part of it, so that a program
  // which comes first does not hide a person.
  ProviderEvent NewEvent(EventType type, const std::string& message, int link,
                         Visitor visitor) const;

  const tracking::Links& links_;
  EventBatchers& events_;
  const Pages& pages_;
  const Clock& clock_;
  const Counters opens_, clicks_;
};

// Adds /o/{token} and /c/{token}. The handlers must outlive the server of the router.
void AddTrackingRoutes(TrackingHandlers& handlers, http_server::Router& router);

}  // namespace lmsmail::gateway
