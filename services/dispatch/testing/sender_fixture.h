#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/clock/clock.h"
#include "libs/telemetry/metrics.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/claiming/flusher.h"
#include "services/dispatch/delivery/sender.h"
#include "services/dispatch/storage/in_memory_limit_store.h"
#include "services/dispatch/testing/fake_peers.h"
#include "services/dispatch/testing/fake_queue_store.h"

namespace lmsmail::dispatch {

// The parts of the worker without its threads: the test passes a claim through sender and flusher.
class SenderFixture : public testing::Test {
 protected:
  // `others` are further transports, besides the default one, "fake".
  explicit SenderFixture(LimitRules rules = {}, Routing routing = {},
                         const std::vector<std::string>& others = {})
      : rules_(std::move(rules)),
        transports_(MakeTransports(transport_, others)),
        routing_(std::move(routing)) {}

  MessageId Accept(std::string key, std::string template_key = "enrollment",
                   std::string context = "") {
    Submission submission;
    submission.request_id = key;
    submission.template_ref = {
        template_key, 1,
        template_key == "enrollment" ? Category::kEnrollment : Category::kProgress};
    submission.lane = Lane::kTransactional;
    submission.due_time = clock_.Now();
    submission.expire_time = clock_.Now() + absl::Hours(48);
    submission.items.push_back(
        {{Target::Kind::kRecipient, "recipients/" + key}, std::move(context), key});
    const auto accepted = store_.Accept({submission}, absl::InfiniteFuture());
    return accepted->front()->items.front().id;
  }

  TakenClaim Take() {
    const auto id = store_.NextClaimId();
    auto claim = store_.TakeDue(*id, "test", Lane::kTransactional, 100, absl::Seconds(60));
    TakenClaim taken{*std::move(claim), clock_.Now()};
    claims_.Open(taken.claim, clock_.Now() + absl::Seconds(55));
    return taken;
  }
  // Claims what is due, sends it and records the outcomes.
  void SendDue() {
    sender_.Process(Take());
    EXPECT_TRUE(flusher_.FlushAll());
  }
  MessageRecord Record(MessageId id) { return store_.Get(id); }
  FakeTransport& Other(std::string_view name) {
    return static_cast<FakeTransport&>(*transports_.Find(name));
  }

  LimitRules rules_;
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  FakeQueueStore store_{clock_};
  telemetry::Metrics registry_{{"dispatch", "test"}};
  DispatchMetrics metrics_{registry_};
  OpenClaims claims_;
  CancellationWatch cancellations_{store_, clock_};
  InFlightBudget budget_{100, 25};
  InMemoryLimitStore limit_store_{clock_};
  RateLimits limits_{limit_store_, clock_, rules_};
  DelayQueue delays_{clock_};
  std::unique_ptr<IntentJournal> journal_ = *IntentJournal::Open("", 100);
  PriorityGate priority_gate_{clock_};
  Flusher flusher_{store_, claims_, budget_, *journal_, priority_gate_, metrics_};
  FakeRecipientCheck recipients_;
  FakeTemplateSource templates_;
  FakeSuppressionList suppressions_;
  FakeConsent consent_;
  FakeTracking tracking_;
  BounceReporter bounces_{suppressions_};
  FakeTransport& transport_ = *new FakeTransport;  // owned by transports_
  Transports transports_;
  const Routing routing_;
  const SiteIdentity site_{"The School", "https://school.example", "", "school.example"};
  const MessageIdHeader message_ids_{"school.example", std::nullopt};
  const AddressHashes address_hashes_{std::nullopt};
  const DeliveryDependencies dependencies_{.clock = clock_,
                                           .queue = store_,
                                           .limits = limit_store_,
                                           .connections = limit_store_,
                                           .recipients = recipients_,
                                           .templates = templates_,
                                           .transports = transports_,
                                           .bounces = bounces_,
                                           .journal = *journal_,
                                           .site = site_,
                                           .message_ids = message_ids_,
                                           .address_hashes = address_hashes_,
                                           .metrics = metrics_};
  const SenderContext context_{.dependencies = dependencies_,
                               .claims = claims_,
                               .cancellations = cancellations_,
                               .budget = budget_,
                               .limits = limits_,
                               .policy = {},
                               .routing = routing_};
  Sender sender_{context_, delays_, &priority_gate_};

 private:
  static Transports MakeTransports(FakeTransport& transport,
                                   const std::vector<std::string>& others) {
    std::vector<std::unique_ptr<Transport>> all;
    all.push_back(std::unique_ptr<Transport>(&transport));
    for (const std::string& name : others) all.push_back(std::make_unique<FakeTransport>(0, name));
    return Transports(std::move(all), "fake");
  }
};

}  // namespace lmsmail::dispatch
