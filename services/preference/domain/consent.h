#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "services/preference/domain/category.h"

// What somebody agreed to, and the evidence of it (GDPR Article 7(1)). The numbers of the enums are
// those of the protocol; the database stores them.
namespace lmsmail::preference {

enum class ConsentMethod : std::int16_t {
  kApi = 1,
  kOneClick = 2,
  kPreferencePage = 3,
  kComplaint = 4,
  kStaff = 5,
  kDefault = 6,
};

enum class ConsentAction : std::int16_t { kSubscribed = 1, kUnsubscribed = 2, kErased = 3 };

struct ConsentSource {
  ConsentMethod method = ConsentMethod::kApi;
  std::string actor;    // empty: the recipient
  std::string wording;  // what the person saw, or its version

  bool operator==(const ConsentSource&) const = default;
};

struct ConsentEvent {
  std::int64_t id = 0;  // rises with time
  std::optional<Category> category;
  ConsentAction action = ConsentAction::kSubscribed;
  ConsentSource source;
  absl::Time event_time;

  bool operator==(const ConsentEvent&) const = default;
};

// What is on record about one optional category.
struct CategoryConsent {
  Category category = Category::kDemo;
  bool subscribed = false;
  std::optional<absl::Time> update_time;  // absent: a default that nobody touched

  bool operator==(const CategoryConsent&) const = default;
};

struct RecipientConsent {
  std::vector<CategoryConsent> categories;  // in the order of the enum
  bool suppressed = false;                  // the recipient's address is on the suppression list

  bool operator==(const RecipientConsent&) const = default;
};

// A wish about some categories, and the evidence of it.
struct ConsentDecision {
  std::string recipient_id;
  std::vector<Category> categories;
  bool subscribed = false;
  ConsentSource source;
  absl::Time time;
};

// What a recipient is given at first registration. It is written down for each recipient then,
// because a later change of the school's default must not change what earlier recipients agreed to.
struct DefaultConsent {
  std::set<Category> subscribed = {kOptionalCategories.begin(), kOptionalCategories.end()};
  std::string wording = "default";  // what they agreed to by registering
};

}  // namespace lmsmail::preference
