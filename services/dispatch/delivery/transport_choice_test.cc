#include "services/dispatch/delivery/transport_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "services/dispatch/testing/fake_peers.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using State = TransportHealth::State;

constexpr char kDomain[] = "students.example";

// Progress mail prefers "first", then "second", then "third"; other mail has no route.
class TransportChoiceTest : public testing::Test {
 protected:
  static Transports MakeTransports() {
    std::vector<std::unique_ptr<Transport>> all;
    for (const char* name : {"default", "first", "second", "third"}) {
      all.push_back(std::make_unique<FakeTransport>(0, name));
    }
    return Transports(std::move(all), "default");
  }
  // The id of a mail that prefers them in this order.
  static MessageId FindId(const Routing& routing) {
    const Route& route = *routing.Find(Category::kProgress, kDomain);
    for (MessageId id = 1;; ++id) {
      if (Preference(route, id) == std::vector<std::string_view>{"first", "second", "third"}) {
        return id;
      }
    }
  }
  ClaimedMail Mail(Category category = Category::kProgress) const {
    ClaimedMail claimed;
    claimed.mail.id = id_;
    claimed.mail.template_ref.category = category;
    return claimed;
  }
  std::string NameOf(const TransportChoice::Chosen& chosen) const {
    return chosen.transport == nullptr ? "" : chosen.transport->info().name;
  }
  std::string Choose(const ClaimedMail& mail) {
    choice_.Refresh();
    return NameOf(choice_.Choose(mail, kDomain));
  }
  void Break(std::string_view name, State state = State::kUnreachable) {
    static_cast<FakeTransport*>(transports_.Find(name))
        ->SetHealth({.state = state, .until = clock_.Now() + absl::Minutes(1)});
  }
  void AwaitProbe(std::string_view name, bool probing = false) {
    static_cast<FakeTransport*>(transports_.Find(name))
        ->SetHealth({.state = State::kBreakerOpen, .until = clock_.Now(), .probing = probing});
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  Transports transports_ = MakeTransports();
  const Routing routing_{{{.name = "progress",
                           .categories = {Category::kProgress},
                           .transports = {{"second"}, {"third"}, {"first"}}}}};
  const MessageId id_ = FindId(routing_);
  TransportChoice choice_{transports_, routing_, clock_};
};

TEST_F(TransportChoiceTest, TakesTheFirstThatIsAvailable) {
  EXPECT_EQ(Choose(Mail()), "first");
  Break("first", State::kBreakerOpen);
  EXPECT_EQ(Choose(Mail()), "second");
  Break("second", State::kUnreachable);
  EXPECT_EQ(Choose(Mail()), "third");
  Break("third");
  EXPECT_EQ(Choose(Mail()), "first") << "the mail waits as without an alternative";
}

TEST_F(TransportChoiceTest, NamesTheCandidatesInTheOrderOfPreference) {
  const auto chosen = choice_.Choose(Mail(), kDomain);
  EXPECT_THAT(chosen.candidates, ElementsAre(transports_.Find("first"), transports_.Find("second"),
                                             transports_.Find("third")));
}

TEST_F(TransportChoiceTest, SomeMailHasNoAlternative) {
  for (const char* name : {"default", "first"}) Break(name);
  ClaimedMail named = Mail();
  named.mail.transport = "first";
  ClaimedMail uncertain = Mail();
  uncertain.uncertain_transport = "first";
  uncertain.returned_by = "first";
  const std::pair<ClaimedMail, std::string> cases[] = {
      {Mail(Category::kPayment), "default"}, {named, "first"}, {uncertain, "first"}};
  for (const auto& [mail, transport] : cases) {
    const auto chosen = choice_.Choose(mail, kDomain);
    EXPECT_EQ(NameOf(chosen), transport);
    EXPECT_THAT(chosen.candidates, IsEmpty());
  }
  uncertain.uncertain_transport = "removed";
  EXPECT_EQ(Choose(uncertain), "") << "no other one may send it";
  named.mail.transport = "removed";
  EXPECT_EQ(Choose(named), "");
}

TEST_F(TransportChoiceTest, OneMailOfAClaimProbesATransport) {
  AwaitProbe("first");
  choice_.Refresh();
  EXPECT_EQ(NameOf(choice_.Choose(Mail(), kDomain)), "first");
  EXPECT_EQ(NameOf(choice_.Choose(Mail(), kDomain)), "second");
  EXPECT_EQ(Choose(Mail()), "first") << "the next claim may have another";
  AwaitProbe("first", /*probing=*/true);
  EXPECT_EQ(Choose(Mail()), "second");
}

TEST_F(TransportChoiceTest, MailThatWasGivenBackGoesOnWithTheNext) {
  ClaimedMail mail = Mail();
  mail.returned_by = "first";
  EXPECT_EQ(Choose(mail), "second");
  Break("second");
  EXPECT_EQ(Choose(mail), "third");
  mail.returned_by = "third";
  EXPECT_EQ(Choose(mail), "first") << "it was the last one";
  mail.returned_by = "first";
  Break("third");
  EXPECT_EQ(Choose(mail), "first") << "no other is available";
  mail.returned_by = "default";
  EXPECT_EQ(Choose(mail), "first") << "the routes have changed";
}

TEST_F(TransportChoiceTest, TheNextAvailableIsOneThatWasNotTriedYet) {
  const auto candidates = choice_.Choose(Mail(), kDomain).candidates;
  const auto next = [&](std::string_view name) {
    return NextAvailable(candidates, *transports_.Find(name));
  };
  EXPECT_EQ(next("first"), transports_.Find("second"));
  EXPECT_EQ(next("third"), nullptr);
  Break("second");
  EXPECT_EQ(next("first"), transports_.Find("third"));
  AwaitProbe("third");
  EXPECT_EQ(next("first"), nullptr);
  EXPECT_EQ(NextAvailable({}, *transports_.Find("first")), nullptr);
}

}  // namespace
}  // namespace lmsmail::dispatch
