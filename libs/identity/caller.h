#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>

#include "lmsmail/type/v1/access.pb.h"

namespace lmsmail::identity {

using Role = type::v1::Role;

class Roles {
 public:
  constexpr Roles() = default;
  Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) Add(role);
  }
  static Roles All() {
    Roles roles;
    roles.bits_ = ~0U;
    return roles;
  }

  void Add(Role role) { bits_ |= 1U << role; }
  bool Has(Role role) const { return (bits_ >> role & 1U) != 0; }
  bool empty() const { return bits_ == 0; }

  bool operator==(const Roles&) const = default;

 private:
  unsigned bits_ = 0;
};

// What one caller may use at a time; 0 means the server's own limit.
struct CallerLimits {
  double calls_per_second = 0;
  int streams = 0;
  std::size_t request_bytes = 0;  // of the requests that are handled

  bool operator==(const CallerLimits&) const = default;
};

// Who makes a call.
struct Caller {
  std::string name = {};  // "lms"
  Roles roles = {};
  CallerLimits limits = {};

  // Whether the caller may do what the role may: administrators may do everything, and operators
  // what viewers may.
  bool May(Role as) const {
    return roles.Has(as) || roles.Has(type::v1::ROLE_ADMIN) ||
           (as == type::v1::ROLE_VIEWER && roles.Has(type::v1::ROLE_OPERATOR));
  }

  bool operator==(const Caller&) const = default;
};

// The name of a caller that did not say who it is, where nobody has to.
inline constexpr char kAnonymous[] = "anonymous";

}  // namespace lmsmail::identity
