#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/category/category.h"

// Consent and the evidence of it (GDPR Article 7(1)). The numbers of the enums are those of the
// proto; the database stores them.
namespace lmsmail::preference {

enum class ConsentMethod : std::int16_t {
  kApi = 1,
  kOneClick = 2,
  kPreferencePage = 3,
  kComplaint = 4,
  kStaff = 5,
  kDefault = 6,
  kProvider = 7,
};

enum class ConsentAction : std::int16_t {
  kSubscribed = 1,
  kUnsubscribed = 2,
  kErased = 3,
  kTrackingAllowed = 4,
  kTrackingRefused = 5,
};

struct ConsentSource {
  ConsentMethod method = ConsentMethod::kApi;
  std::string actor;         // empty means the recipient
  std::string consent_text;  // the text the person saw, or its version

  bool operator==(const ConsentSource&) const = default;
};

struct ConsentEvent {
  std::int64_t id = 0;  // increases with time
  std::optional<Category> category;
  ConsentAction action = ConsentAction::kSubscribed;
  ConsentSource source;
  absl::Time event_time;

  bool operator==(const ConsentEvent&) const = default;
};

// The recorded consent to one optional category.
struct CategoryConsent {
  Category category = Category::kDemo;
  bool subscribed = false;
  std::optional<absl::Time> update_time;  // absent for a default that nobody changed

  bool operator==(const CategoryConsent&) const = default;
};

// Whether opens and clicks of a recipient may be measured.
struct TrackingConsent {
  bool allowed = false;
  std::optional<absl::Time> update_time = std::nullopt;  // absent for a default that nobody changed

  bool operator==(const TrackingConsent&) const = default;
};

struct RecipientConsent {
  std::vector<CategoryConsent> categories = {};  // in the order of the enum
  bool suppressed = false;                       // the address is on the suppression list
  TrackingConsent tracking = {};

  bool operator==(const RecipientConsent&) const = default;
};

// A change of consent to some categories, with the evidence.
struct ConsentChange {
  std::string recipient_id;
  std::vector<Category> categories;
  bool subscribed = false;
  ConsentSource source;
  absl::Time change_time;
};

struct TrackingChange {
  std::string recipient_id;
  bool allowed = false;
  ConsentSource source;
  absl::Time change_time;
};

// The consent of a newly registered recipient. It is recorded for each recipient, because a later
// change of the school's default must not change what earlier recipients agreed to.
struct DefaultConsent {
  std::set<Category> subscribed = {OptionalCategories().begin(), OptionalCategories().end()};
  std::string consent_text = "default";  // the text that registration agrees to
  bool tracking_allowed = true;
};

}  // namespace lmsmail::preference
