#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/dispatch/message/message.h"

// Which transports may deliver a mail, and in which order they are preferred. Pure functions of the
// mail: every replica and every attempt prefers the same transport.
namespace lmsmail::dispatch {

// Where the mail of some categories and recipient domains goes.
struct Route {
  struct Share {
    std::string transport;
    int weight = 1;  // 0: only while no other is available

    bool operator==(const Share&) const = default;
  };
  std::string name;
  std::set<Category> categories = {};               // empty: all
  std::set<std::string, std::less<>> domains = {};  // canonical, matched exactly; empty: all
  std::vector<Share> transports;                    // distinct
};

// Whether some mail matches both routes and neither is more specific.
bool Conflict(const Route& a, const Route& b);

// The transports of `route` in the order in which the mail prefers them. Each is the first of as
// many mails as its weight says. Without one of them, only its mail prefers another.
std::vector<std::string_view> Preference(const Route& route, MessageId id);

class Routing {
 public:
  Routing() = default;
  // No two of `routes` conflict.
  explicit Routing(std::vector<Route> routes);

  // The most specific route of a mail: by category and domain, by domain, by category, by neither.
  // Null: no route is for it. `domain` is canonical.
  const Route* Find(Category category, std::string_view domain) const;

 private:
  std::vector<Route> routes_;  // the most specific first
};

}  // namespace lmsmail::dispatch
