#include "services/dispatch/delivery/transport_choice.h"

#include <algorithm>
#include <utility>

namespace lmsmail::dispatch {

TransportChoice::Standing& TransportChoice::StandingOf(const Transport& transport) {
  const auto known = standings_.find(&transport);
  if (known != standings_.end()) return known->second;
  const TransportHealth health = transport.health();
  Standing standing = Standing::kUnavailable;
  if (health.available()) standing = Standing::kAvailable;
  if (health.awaits_probe(clock_.Now())) standing = Standing::kAwaitsProbe;
  return standings_.emplace(&transport, standing).first->second;
}

Transport* TransportChoice::TakeFirst(absl::Span<Transport* const> candidates) {
  for (Transport* const candidate : candidates) {
    Standing& standing = StandingOf(*candidate);
    if (standing == Standing::kUnavailable) continue;
    if (standing == Standing::kAwaitsProbe) standing = Standing::kUnavailable;
    return candidate;
  }
  return nullptr;
}

TransportChoice::Chosen TransportChoice::Choose(const ClaimedMail& mail, std::string_view domain) {
  if (!mail.uncertain_transport.empty()) return {transports_.Find(mail.uncertain_transport)};
  if (!mail.mail.transport.empty()) return {transports_.Find(mail.mail.transport)};
  const Route* const route = routing_.Find(mail.mail.template_ref.category, domain);
  if (route == nullptr) return {transports_.Find("")};
  Chosen chosen;
  for (const std::string_view name : Preference(*route, mail.mail.id)) {
    chosen.candidates.push_back(transports_.Find(name));
  }
  const absl::Span<Transport* const> all(chosen.candidates);
  // The others come first for a mail that one has just given back.
  const auto returned = std::ranges::find_if(
      all, [&](const Transport* it) { return it->info().name == mail.returned_by; });
  if (returned != all.end()) {
    chosen.transport = TakeFirst(all.subspan(static_cast<std::size_t>(returned - all.begin()) + 1));
  }
  if (chosen.transport == nullptr) chosen.transport = TakeFirst(all);
  if (chosen.transport == nullptr) chosen.transport = all.front();
  if (all.size() == 1) chosen.candidates.clear();
  return chosen;
}

const Transport* NextAvailable(absl::Span<Transport* const> candidates,
                               const Transport& transport) {
  auto next = std::ranges::find(candidates, &transport);
  while (next != candidates.end() && ++next != candidates.end()) {
    if ((*next)->health().available()) return *next;
  }
  return nullptr;
}

}  // namespace lmsmail::dispatch
