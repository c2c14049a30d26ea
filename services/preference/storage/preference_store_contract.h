#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/testing/status_matchers.h"
#include "services/preference/storage/preference_store.h"

// The tests that every PreferenceStore passes. The test of each store instantiates the suite.
namespace lmsmail::preference {

struct StoreUnderTest {
  std::unique_ptr<PreferenceStore> store;
  // Stores a recipient without any record of consent.
  std::function<void(const Registration&)> insert_without_consent;
  std::shared_ptr<void> resources = nullptr;  // keeps alive what the store uses
};

class PreferenceStoreContract : public ::testing::TestWithParam<std::function<StoreUnderTest()>> {
 protected:
  inline static const absl::Time kNow = absl::UnixEpoch() + absl::Hours(500'000);
  inline static const absl::Time kLater = kNow + absl::Minutes(1);
  inline static const absl::Time kDeadline = absl::InfiniteFuture();

  PreferenceStoreContract() : under_test_(GetParam()()), store_(*under_test_.store) {}

  // "ann@example.com" has the hashes "<ring>:ann@example.com".
  static AddressKey Key(const std::string& address, std::vector<std::string> rings = {"k1"}) {
    AddressKey key{address, {}};
    for (const std::string& ring : rings) key.hashes.push_back(fmt::format("{}:{}", ring, address));
    return key;
  }
  static Registration Make(const std::string& id, const std::string& address) {
    return {{id, address, "Ann Lee", "Ann", "de", "Europe/Berlin", {}, {}}, Key(address)};
  }
  static Suppression Entry(SuppressionReason reason, const std::string& address,
                           absl::Time time = kNow) {
    return {"", address, reason, "because", time};
  }

  Registered Upsert(std::vector<Registration> registrations, absl::Time now = kNow) {
    auto registered = store_.UpsertRecipients(registrations, defaults_, now, kDeadline);
    EXPECT_OK(registered);
    return registered.value_or(Registered{});
  }
  RecipientConsent RecordConsent(const std::string& id, bool subscribed,
                                 std::vector<Category> categories = OptionalCategories(),
                                 absl::Time time = kLater) {
    auto consent = store_.RecordConsent(
        {id, categories, subscribed, {ConsentMethod::kStaff, "bob", "v1"}, time}, kDeadline);
    EXPECT_OK(consent);
    return consent.value_or(RecipientConsent{});
  }
  Suppression Suppress(const std::string& address, SuppressionReason reason) {
    auto suppression = store_.AddSuppression(Key(address), Entry(reason, address), kDeadline);
    EXPECT_OK(suppression);
    return suppression.value_or(Suppression{});
  }
  CheckFacts CheckOne(const std::string& id, Category category = Category::kContent) {
    auto facts = store_.Check({{id, std::nullopt, category}}, kDeadline);
    EXPECT_OK(facts);
    return facts.ok() ? facts->at(0) : CheckFacts{};
  }
  CheckFacts CheckAddress(const std::string& address, Category category) {
    auto facts = store_.Check({{"", Key(address), category}}, kDeadline);
    EXPECT_OK(facts);
    return facts.ok() ? facts->at(0) : CheckFacts{};
  }
  bool Subscribed(const std::string& id, Category category) {
    auto consent = store_.GetConsent(id, kDeadline);
    EXPECT_OK(consent);
    if (!consent.ok()) return false;
    const auto found = std::ranges::find(consent->categories, category, &CategoryConsent::category);
    return found != consent->categories.end() && found->subscribed;
  }
  std::vector<ConsentEvent> Events(const std::string& id,
                                   const std::vector<std::string>& hashes = {}) {
    auto events = store_.ListConsentEvents({id, hashes, std::nullopt, 100}, kDeadline);
    EXPECT_OK(events);
    return events.value_or(std::vector<ConsentEvent>{});
  }
  std::vector<Suppression> Suppressions() {
    auto suppressions = store_.ListSuppressions({{}, {}, 100}, kDeadline);
    EXPECT_OK(suppressions);
    return suppressions.value_or(std::vector<Suppression>{});
  }
  absl::StatusOr<ErasureJob> Erase(const std::string& id, const std::string& address) {
    return store_.EraseRecipient({id, Key(address), "hash-of-" + id, kLater}, kDeadline);
  }
  std::vector<PendingErasure> Pending(std::string_view service) {
    auto pending = store_.PendingErasures(service, 100, kDeadline);
    EXPECT_OK(pending);
    return pending.value_or(std::vector<PendingErasure>{});
  }

  DefaultConsent defaults_ = {{Category::kDemo, Category::kContent}, "terms-2026"};
  StoreUnderTest under_test_;
  PreferenceStore& store_;
};

}  // namespace lmsmail::preference
