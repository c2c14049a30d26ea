#include "services/dispatch/transports/routing.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <utility>

namespace lmsmail::dispatch {
namespace {

int SpecificityOf(const Route& route) {
  return 2 * static_cast<int>(!route.domains.empty()) + static_cast<int>(!route.categories.empty());
}

// Whether both sets name a common element, or are empty and so mean all.
template <typename Set>
bool Meet(const Set& a, const Set& b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty();
  return std::ranges::any_of(a, [&](const auto& element) { return b.contains(element); });
}

// FNV-1a. Not absl::Hash: that differs from process to process.
std::uint64_t HashOf(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

// A number in (0, 1], evenly spread over the pairs of a mail and a transport.
double Draw(MessageId id, std::string_view transport) {
  // The mixer of splitmix64.
  std::uint64_t x = HashOf(transport) + 0x9e3779b97f4a7c15u * static_cast<std::uint64_t>(id);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  x ^= x >> 31;
  return (static_cast<double>(x >> 11) + 1) * 0x1.0p-53;
}

}  // namespace

bool Conflict(const Route& a, const Route& b) {
  return Meet(a.categories, b.categories) && Meet(a.domains, b.domains);
}

std::vector<std::string_view> Preference(const Route& route, MessageId id) {
  // Weighted rendezvous hashing: the least of draws from exponential distributions, whose rates are
  // the weights, comes first.
  std::vector<std::tuple<bool, double, std::string_view>> order;
  order.reserve(route.transports.size());
  for (const Route::Share& share : route.transports) {
    const double draw = -std::log(Draw(id, share.transport));
    order.emplace_back(share.weight == 0, draw / std::max(share.weight, 1), share.transport);
  }
  std::ranges::sort(order);
  std::vector<std::string_view> names;
  names.reserve(order.size());
  for (const auto& [last, draw, name] : order) names.push_back(name);
  return names;
}

Routing::Routing(std::vector<Route> routes) : routes_(std::move(routes)) {
  std::ranges::stable_sort(routes_, std::ranges::greater(), SpecificityOf);
}

const Route* Routing::Find(Category category, std::string_view domain) const {
  const auto found = std::ranges::find_if(routes_, [&](const Route& route) {
    return (route.categories.empty() || route.categories.contains(category)) &&
           (route.domains.empty() || route.domains.contains(domain));
  });
  return found == routes_.end() ? nullptr : &*found;
}

}  // namespace lmsmail::dispatch
