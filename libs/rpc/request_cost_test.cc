#include "libs/rpc/request_cost.h"

#include <gmock/gmock.h>
#include <google/protobuf/arena.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/unknown_field_set.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/rpc/request_budget.h"
#include "libs/rpc/testing/echo.pb.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::rpc {
namespace {

using google::protobuf::Arena;
using google::protobuf::ListValue;
using google::protobuf::Struct;
using ::testing::HasSubstr;

std::string Repeated(std::string_view bytes, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += bytes;
  return all;
}

template <typename Message>
std::size_t Estimate(const std::string& wire) {
  google::protobuf::io::ArrayInputStream in(wire.data(), static_cast<int>(wire.size()));
  return ParsedBytes(in, Message::default_instance());
}

template <typename Message>
std::size_t Measure(const std::string& wire) {
  Arena arena;
  auto* const message = Arena::CreateMessage<Message>(&arena);
  EXPECT_TRUE(message->ParseFromString(wire));
  return arena.SpaceUsed() + wire.size();  // texts are beside the arena
}

template <typename Message>
void ExpectClose(const std::string& wire) {
  const auto estimate = static_cast<double>(Estimate<Message>(wire));
  const auto measured = static_cast<double>(Measure<Message>(wire));
  EXPECT_GT(estimate, measured * 0.8);
  EXPECT_LT(estimate, measured * 4);
}

constexpr int kTimes = 10'000;

TEST(ParsedBytesTest, IsCloseToTheMemoryThatManySmallValuesTake) {
  using testing::v1::EchoRequest;
  using namespace std::string_view_literals;
  ExpectClose<ListValue>(Repeated("\x0a\x00"sv, kTimes));           // values that are unset
  ExpectClose<ListValue>(Repeated("\x0a\x02\x2a\x00"sv, kTimes));   // empty structs
  ExpectClose<ListValue>(Repeated("\x0a\x02\x32\x00"sv, kTimes));   // empty lists
  ExpectClose<ListValue>(Repeated("\x0a\x03\x1a\x01x"sv, kTimes));  // texts
  ExpectClose<EchoRequest>(Repeated("\x1a\x00"sv, kTimes));         // empty texts
  Struct members;
  for (int i = 0; i < kTimes; ++i) (*members.mutable_fields())[std::to_string(i)];
  ExpectClose<Struct>(members.SerializeAsString());
}

TEST(ParsedBytesTest, CountsAMapEntryThatIsRepeated) {
  // The parser leaves the entries that are replaced on the arena.
  using namespace std::string_view_literals;
  EXPECT_GT(Estimate<Struct>(Repeated("\x0a\x00"sv, kTimes)),
            Measure<Struct>(Repeated("\x0a\x00"sv, kTimes)));
}

TEST(ParsedBytesTest, CountsUnknownFields) {
  using testing::v1::EchoRequest;
  using namespace std::string_view_literals;
  for (const std::string_view field : {"\xa2\x06\x00"sv, "\xa0\x06\x01"sv}) {
    const std::string wire = Repeated(field, kTimes);
    EchoRequest message;
    ASSERT_TRUE(message.ParseFromString(wire));
    EXPECT_GT(Estimate<EchoRequest>(wire),
              message.GetReflection()->GetUnknownFields(message).SpaceUsedLong());
  }
}

TEST(ParsedBytesTest, EndsAtBytesThatAreNoMessage) {
  for (const std::string& wire :
       {std::string("\x0a\xff"), std::string("\x0a\x7f"), std::string("\xff\xff\xff\xff\xff\xff"),
        Repeated("\x0a", 5000)}) {
    EXPECT_LT(Estimate<Struct>(wire), 100'000u);
  }
}

TEST(RequestBudgetTest, RefusesWhatDoesNotFitAndTakesBackShares) {
  RequestBudget budget(100);
  {
    ASSERT_OK_AND_ASSIGN(const auto first, budget.Take(50));
    ASSERT_OK_AND_ASSIGN(const auto second, budget.Take(40));
    EXPECT_THAT(budget.Take(11),
                StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("try again later")));
    EXPECT_EQ(budget.used(), 90u);
  }
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_THAT(budget.Take(51),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most 50")));
}

}  // namespace
}  // namespace lmsmail::rpc
