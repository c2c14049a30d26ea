#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

#include "services/preference/domain/address_key.h"

namespace lmsmail::preference {

// The services that keep something about recipients, in the order in which they erase it: none of
// them is called by one that comes later, so nothing about her arrives behind its back.
inline constexpr std::array<std::string_view, 3> kErasingServices = {"scheduler", "report",
                                                                     "dispatch"};

// A request to erase a recipient.
struct Erasure {
  std::string recipient_id;
  // The address that the caller read. nullopt: there is no such recipient, but perhaps something
  // about her in other services.
  std::optional<AddressKey> address;
  std::string subject_hash;  // under which the consent history is kept
  absl::Time erase_time;
};

// The job that erases her from all services.
struct ErasureJob {
  std::int64_t id = 0;
  std::vector<std::string> pending_services;  // of kErasingServices; empty: done
  absl::Time create_time;
  std::optional<absl::Time> end_time;

  bool operator==(const ErasureJob&) const = default;
};

// A job that a service has to do.
struct PendingErasure {
  std::int64_t id = 0;
  std::string recipient_id;
  std::string email_address;  // empty when another recipient has it too, or when it is not known

  bool operator==(const PendingErasure&) const = default;
};

struct ErasureQuery {
  std::optional<std::int64_t> before_id;  // exclusive; returns only older jobs
  bool running_only = false;
  int limit = 0;
};

struct RunningErasures {
  std::int64_t count = 0;
  std::optional<absl::Time> oldest_create_time;
};

}  // namespace lmsmail::preference
