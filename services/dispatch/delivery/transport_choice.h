#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/clock/clock.h"
#include "services/dispatch/storage/queue_store.h"
#include "services/dispatch/transports/routing.h"
#include "services/dispatch/transports/transports.h"

namespace lmsmail::dispatch {

// Chooses the transport of each mail: the first of its route that is available. A mail that names
// its transport, that no route is for, or that may have arrived through a transport already has no
// alternative. Used by one thread.
class TransportChoice {
 public:
  // All must outlive this.
  TransportChoice(const Transports& transports, const Routing& routing, const Clock& clock)
      : transports_(transports), routing_(routing), clock_(clock) {}

  struct Chosen {
    Transport* transport = nullptr;  // null: it is not configured
    // All that may deliver the mail, the preferred first; empty without an alternative.
    std::vector<Transport*> candidates = {};
  };
  // Looks at the health of the transports again. Until the next call, one mail at most is chosen to
  // probe each transport that is not available.
  void Refresh() { standings_.clear(); }
  // `domain` is that of the recipient.
  Chosen Choose(const ClaimedMail& mail, std::string_view domain);

 private:
  enum class Standing { kAvailable, kAwaitsProbe, kUnavailable };

  // Null: none of them may take a mail.
  Transport* TakeFirst(absl::Span<Transport* const> candidates);
  Standing& StandingOf(const Transport& transport);

  const Transports& transports_;
  const Routing& routing_;
  const Clock& clock_;
  std::map<const Transport*, Standing> standings_;
};

// The first of `candidates` after `transport` that is available; null: none is. Thread-safe.
const Transport* NextAvailable(absl::Span<Transport* const> candidates, const Transport& transport);

}  // namespace lmsmail::dispatch
