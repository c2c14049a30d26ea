#include "services/dispatch/transports/routing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "services/dispatch/message/message_id.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr Category kPayment = Category::kPayment;
constexpr Category kProgress = Category::kProgress;

TEST(RoutingTest, TheMostSpecificRouteWins) {
  const Routing routing(
      {{.name = "all", .transports = {{"a"}}},
       {.name = "payments", .categories = {kPayment}, .transports = {{"a"}}},
       {.name = "gmail", .domains = {"gmail.com", "googlemail.com"}, .transports = {{"a"}}},
       {.name = "both",
        .categories = {kPayment, Category::kDemo},
        .domains = {"gmail.com"},
        .transports = {{"a"}}}});
  struct Case {
    Category category;
    std::string domain;
    std::string route;
  };
  const Case cases[] = {
      {kPayment, "gmail.com", "both"},          {Category::kDemo, "gmail.com", "both"},
      {kProgress, "gmail.com", "gmail"},        {kPayment, "googlemail.com", "gmail"},
      {kPayment, "mail.gmail.com", "payments"}, {kPayment, "students.example", "payments"},
      {kProgress, "students.example", "all"},   {kProgress, "", "all"}};
  for (const Case& it : cases) {
    const Route* const route = routing.Find(it.category, it.domain);
    ASSERT_NE(route, nullptr);
    EXPECT_EQ(route->name, it.route) << NameOf(it.category) << " to " << it.domain;
  }
}

TEST(RoutingTest, MailThatNoRouteIsForHasNone) {
  EXPECT_EQ(Routing().Find(kPayment, "gmail.com"), nullptr);
  const Routing routing({{.name = "payments", .categories = {kPayment}, .transports = {{"a"}}},
                         {.name = "gmail", .domains = {"gmail.com"}, .transports = {{"a"}}}});
  EXPECT_EQ(routing.Find(kProgress, "students.example"), nullptr);
}

TEST(RoutingTest, RoutesConflictThatMatchTheSameMailEquallySpecifically) {
  const Route all{.name = "all", .transports = {{"a"}}};
  const Route payments{.name = "", .categories = {kPayment}, .transports = {{"a"}}};
  const Route most{.name = "", .categories = {kPayment, kProgress}, .transports = {{"a"}}};
  const Route progress{.name = "", .categories = {kProgress}, .transports = {{"a"}}};
  const Route gmail{.name = "", .domains = {"gmail.com"}, .transports = {{"a"}}};
  const Route web{.name = "", .domains = {"gmail.com", "gmx.net"}, .transports = {{"a"}}};
  const Route gmx{.name = "", .domains = {"gmx.net"}, .transports = {{"a"}}};
  const Route both{
      .name = "", .categories = {kPayment}, .domains = {"gmail.com"}, .transports = {{"a"}}};
  const Route others{
      .name = "", .categories = {kPayment}, .domains = {"gmx.net"}, .transports = {{"a"}}};
  EXPECT_TRUE(Conflict(all, all));
  EXPECT_TRUE(Conflict(payments, most));
  EXPECT_TRUE(Conflict(most, payments));
  EXPECT_TRUE(Conflict(gmail, web));
  EXPECT_TRUE(Conflict(both, both));
  EXPECT_FALSE(Conflict(payments, progress));
  EXPECT_FALSE(Conflict(gmail, gmx));
  EXPECT_FALSE(Conflict(both, others));
  for (const Route* other : {&payments, &gmail, &both}) {
    EXPECT_FALSE(Conflict(all, *other)) << "one is more specific";
  }
  EXPECT_FALSE(Conflict(payments, gmail)) << "the domain counts for more";
  EXPECT_FALSE(Conflict(both, payments));
  EXPECT_FALSE(Conflict(both, gmail));
}

// Ids as the queue assigns them: consecutive, of one shard, every fourth day.
std::vector<MessageId> ManyIds() {
  std::vector<MessageId> ids;
  for (int i = 0; i < 40'000; ++i) {
    ids.push_back(FirstIdOf(1035 + 4 * (i % 4)) + 1000 + i / 4);
  }
  return ids;
}

std::map<std::string, double> ShareOfFirsts(const Route& route) {
  std::map<std::string, double> shares;
  const std::vector<MessageId> ids = ManyIds();
  for (const MessageId id : ids) {
    shares[std::string(Preference(route, id).front())] += 1.0 / static_cast<double>(ids.size());
  }
  return shares;
}

TEST(PreferenceTest, EachTransportIsFirstAsOftenAsItsWeightSays) {
  const auto shares =
      ShareOfFirsts({.name = "", .transports = {{"sendgrid", 6}, {"mailgun", 3}, {"relay", 1}}});
  EXPECT_NEAR(shares.at("sendgrid"), 0.6, 0.01);
  EXPECT_NEAR(shares.at("mailgun"), 0.3, 0.01);
  EXPECT_NEAR(shares.at("relay"), 0.1, 0.01);
}

TEST(PreferenceTest, TheRestIsOrderedByWeightToo) {
  const Route route{.name = "", .transports = {{"sendgrid", 6}, {"mailgun", 3}, {"relay", 1}}};
  int mailgun_second = 0;
  int sendgrid_first = 0;
  for (const MessageId id : ManyIds()) {
    const auto order = Preference(route, id);
    ASSERT_THAT(order, UnorderedElementsAre("sendgrid", "mailgun", "relay"));
    if (order[0] != "sendgrid") continue;
    ++sendgrid_first;
    mailgun_second += order[1] == "mailgun" ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(mailgun_second) / sendgrid_first, 0.75, 0.01);
}

TEST(PreferenceTest, WithoutATransportOnlyItsMailPrefersAnother) {
  const Route three{.name = "", .transports = {{"sendgrid", 6}, {"mailgun", 3}, {"relay", 1}}};
  const Route two{.name = "", .transports = {{"relay", 1}, {"sendgrid", 6}}};
  for (const MessageId id : ManyIds()) {
    std::vector<std::string_view> before = Preference(three, id);
    std::erase(before, "mailgun");
    EXPECT_EQ(Preference(two, id), before);
  }
}

TEST(PreferenceTest, AMailAlwaysPrefersTheSame) {
  const Route route{.name = "", .transports = {{"sendgrid", 1}, {"mailgun", 1}}};
  const MessageId first = FirstIdOf(1064);
  std::string order;
  for (int i = 0; i < 16; ++i) order += Preference(route, first + i).front().front();
  EXPECT_EQ(order, "mmsmmmmmmsssmsms") << "another build or replica must not move mail";
}

TEST(PreferenceTest, AWeightOfZeroIsTheLastResort) {
  const Route route{.name = "", .transports = {{"relay", 0}, {"sendgrid", 1}}};
  for (const MessageId id : ManyIds()) {
    ASSERT_THAT(Preference(route, id), ElementsAre("sendgrid", "relay"));
  }
}

}  // namespace
}  // namespace lmsmail::dispatch
