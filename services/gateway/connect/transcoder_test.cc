#include "services/gateway/connect/transcoder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "services/gateway/connect/json_check.h"
#include "services/gateway/testing/sample.pb.h"

namespace lmsmail::gateway {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Sample;
using ::testing::SizeIs;

absl::StatusOr<Sample> Parse(std::string_view json) {
  absl::StatusOr<std::string> binary = JsonToBinary(json, *Sample::descriptor());
  if (!binary.ok()) return binary.status();
  Sample sample;
  EXPECT_TRUE(sample.ParseFromString(*binary)) << json;
  return sample;
}

// The only violation of a request that is refused.
FieldViolation ViolationOf(std::string_view json) {
  const absl::Status status = Parse(json).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument)) << json;
  const auto violations = ViolationsOf(status);
  EXPECT_THAT(violations, SizeIs(1)) << json << " " << status;
  return violations.empty() ? FieldViolation() : violations.front();
}

// Why the whole request is refused.
std::string RefusalOf(std::string_view json) {
  const absl::Status status = Parse(json).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument)) << json;
  EXPECT_THAT(ViolationsOf(status), IsEmpty());
  return std::string(status.message());
}

TEST(TranscoderTest, TakesEachKindOfFieldAndGivesItBack) {
  constexpr std::string_view kJson =
      R"({"displayName":"Zoë","flag":true,"count":-3,"bigCount":"9007199254740993",)"
      R"("unsignedCount":"18446744073709551615","rate":0.5,"data":"AP8=","colour":"COLOUR_RED",)"
      R"("inner":{"count":1},"list":[{},{"count":2}],"numbers":[1,2],"labels":{"a":"b"},)"
      R"("parts":{"x":{"flag":true}},"time":"2027-01-31T09:00:00Z","duration":"1.500s",)"
      R"("mask":"displayName,bigCount","context":{"a":[1,null,"x",{"b":true}]},"value":[1],)"
      R"("values":["y"],"any":{"@type":"type.googleapis.com/lmsmail.gateway.testing.Sample",)"
      R"("count":4},"wrapped":"w","empty":{},"right":{"left":"l"},)"
      R"("colours":["COLOUR_RED","COLOUR_UNSPECIFIED"]})";
  ASSERT_OK_AND_ASSIGN(const Sample sample, Parse(kJson));
  EXPECT_EQ(sample.big_count(), 9007199254740993);
  EXPECT_EQ(sample.data(), std::string("\0\xff", 2));
  EXPECT_THAT(sample.mask().paths(), ElementsAre("display_name", "big_count"));
  EXPECT_THAT(BinaryToJson(sample.SerializeAsString(), *Sample::descriptor()),
              IsOkAndHolds(std::string(kJson)));
}

TEST(TranscoderTest, TakesTheNamesOfProtoFilesAndOtherSpellings) {
  ASSERT_OK_AND_ASSIGN(const Sample sample,
                       Parse(R"( {"display_name":"a","bigCount":5,"count":"7","rate":"NaN",)"
                             "\r\n\t"
                             R"("colour":1,"inner":null,"labels":null,"value":null} )"));
  EXPECT_EQ(sample.display_name(), "a");
  EXPECT_EQ(sample.big_count(), 5);
  EXPECT_EQ(sample.count(), 7);
  EXPECT_EQ(sample.colour(), testing::COLOUR_RED);
  EXPECT_FALSE(sample.has_inner());
  EXPECT_TRUE(sample.has_value());
}

TEST(TranscoderTest, NamesUnknownFieldsAndThoseThatExist) {
  EXPECT_THAT(ViolationOf(R"({"list":[{},{"inner":{"colr":1}}]})"),
              AllOf(Field(&FieldViolation::field, "list[1].inner.colr"),
                    Field(&FieldViolation::description,
                          AllOf(HasSubstr("no field of Sample"), HasSubstr("displayName")))));
  EXPECT_EQ(ViolationOf(R"({"parts":{"x":{"nope":{"a":[{}]}}}})").field, "parts.x.nope");
  EXPECT_EQ(ViolationOf(R"({"empty":{"a":1}})").field, "empty.a");
}

TEST(TranscoderTest, ReportsAllViolations) {
  const absl::Status status = Parse(R"({"flag":1,"nope":2,"count":"x","numbers":3})").status();
  EXPECT_THAT(ViolationsOf(status), SizeIs(3)) << status;  // values come after kinds
  std::string many = "{";
  for (int i = 0; i < 1000; ++i) many += fmt::format(R"("nope{}":1,)", i);
  EXPECT_THAT(ViolationsOf(Parse(many + R"("z":1})").status()), SizeIs(20));
}

TEST(TranscoderTest, RefusesDuplicates) {
  EXPECT_EQ(ViolationOf(R"({"count":1,"count":1})").field, "count");
  EXPECT_EQ(ViolationOf(R"({"displayName":"a","display_name":"b"})").field, "display_name");
  EXPECT_EQ(ViolationOf(R"({"labels":{"a":"1","a":"2"}})").field, "labels.a");
  EXPECT_EQ(ViolationOf(R"({"context":{"a":[{"b":1,"b":2}]}})").field, "context.a[0].b");
  EXPECT_OK(Parse(R"({"context":{"a":{"b":1},"c":{"b":2},"d":[{"b":1},{"b":2}]}})"));
}

TEST(TranscoderTest, RefusesTwoMembersOfAOneof) {
  EXPECT_THAT(ViolationOf(R"({"left":"a","right":{}})"),
              AllOf(Field(&FieldViolation::field, "right"),
                    Field(&FieldViolation::description, HasSubstr("other fields of kind"))));
  EXPECT_OK(Parse(R"({"left":"a","right":null})"));
}

TEST(TranscoderTest, SaysWhatAValueMustBe) {
  struct Case {
    std::string_view json;
    std::string_view field;
    std::string_view must_be;
  };
  constexpr Case kCases[] = {
      {R"({"flag":"true"})", "flag", "true or false"},
      {R"({"flag":1})", "flag", "true or false"},
      {R"({"displayName":5})", "display_name", "a string"},
      {R"({"displayName":["a"]})", "display_name", "a string"},
      {R"({"displayName":{}})", "display_name", "a string"},
      {R"({"count":1.5})", "count", "int32"},
      {R"({"count":2147483648})", "count", "int32"},
      {R"({"count":true})", "count", "int32"},
      {R"({"bigCount":"9223372036854775808"})", "big_count", "int64"},
      {R"({"bigCount":1e300})", "big_count", "int64"},
      {R"({"unsignedCount":-1})", "unsigned_count", "uint64"},
      {R"({"rate":"fast"})", "rate", "a number"},
      {R"({"data":"???"})", "data", "base64"},
      {R"({"colour":"RED"})", "colour", "COLOUR_UNSPECIFIED, COLOUR_RED"},
      {R"({"colour":""})", "colour", "COLOUR_RED"},
      {R"({"colours":["COLOUR_RED","x"]})", "colours[1]", "COLOUR_RED"},
      {R"({"inner":"x"})", "inner", "an object"},
      {R"({"inner":[]})", "inner", "an object"},
      {R"({"list":{}})", "list", "an array"},
      {R"({"list":[null]})", "list[0]", "an object"},
      {R"({"list":[[]]})", "list[0]", "an object"},
      {R"({"numbers":5})", "numbers", "an array"},
      {R"({"labels":[]})", "labels", "an object"},
      {R"({"labels":{"a":{}}})", "labels.a", "a string"},
      {R"({"labels":{"a":null}})", "labels.a", "a string"},
      {R"({"time":"yesterday"})", "time", "2027-01-31T09:00:00Z"},
      {R"({"time":5})", "time", "2027-01-31T09:00:00Z"},
      {R"({"time":"9999999-01-01T00:00:00Z"})", "time", "2027-01-31T09:00:00Z"},
      {R"({"duration":"5 minutes"})", "duration", "1.5s"},
      {R"({"duration":{"seconds":5}})", "duration", "1.5s"},
      {R"({"mask":["a"]})", "mask", "names of fields"},
      {R"({"context":[]})", "context", "an object"},
      {R"({"values":{}})", "values", "an array"},
      {R"({"wrapped":5})", "wrapped", "a string"},
      {R"({"empty":"x"})", "empty", "an object"},
  };
  for (const Case& each : kCases) {
    EXPECT_THAT(ViolationOf(each.json),
                AllOf(Field(&FieldViolation::field, std::string(each.field)),
                      Field(&FieldViolation::description,
                            AllOf(HasSubstr("must be"), HasSubstr(std::string(each.must_be))))))
        << each.json;
  }
}

TEST(TranscoderTest, RefusesWhatIsNoJson) {
  EXPECT_THAT(RefusalOf(""), HasSubstr("send {}"));
  for (const std::string_view json : {"[]", "null", "5", "\"{}\"", "true"}) {
    EXPECT_THAT(RefusalOf(json), HasSubstr("must be a JSON object")) << json;
  }
  for (const std::string_view json :
       {"{", "{}{}", "{} x", "{'count':1}", "{count:1}", R"({"count":1,})", R"({"rate":NaN})",
        R"({"rate":Infinity})", R"({"rate":.5})", R"({"count":01})", R"({"numbers":[1,]})",
        "{/**/}", "{\"displayName\":\"\xff\"}", "{\"displayName\":\"\xc0\x80\"}",
        R"({"displayName":"\ud800"})", "\xff"}) {
    EXPECT_THAT(RefusalOf(json), HasSubstr("no JSON: parse error at line 1, column")) << json;
  }
  EXPECT_THAT(RefusalOf("{\"displayName\":\"a\nb\"}"), HasSubstr("control character U+000A"));
  EXPECT_THAT(RefusalOf(R"({"rate":1e400})"), HasSubstr("number overflow"));
}

TEST(TranscoderTest, DoesNotRepeatTheInputInErrors) {
  const std::string secret(10'000, 's');
  for (const std::string& json :
       {R"({"displayName":")" + secret, R"({"count":")" + secret + "\"}",
        R"({"time":")" + secret + "\"}", R"({"colour":")" + secret + "\"}"}) {
    EXPECT_LT(Parse(json).status().message().size(), 200);
  }
  EXPECT_LT(Parse(R"({")" + secret + R"(":1})").status().message().size(), 1000);
}

TEST(TranscoderTest, BoundsDepthMembersAndValues) {
  const auto nested = [](int levels) {
    std::string json = R"({"context":{"a":)";
    for (int i = 2; i < levels; ++i) json += '[';
    json += '1';
    for (int i = 2; i < levels; ++i) json += ']';
    return json + "}}";
  };
  EXPECT_OK(JsonToBinary(nested(kMaxJsonDepth), *Sample::descriptor()));
  EXPECT_THAT(RefusalOf(nested(kMaxJsonDepth + 1)), HasSubstr("64 levels"));
  EXPECT_THAT(RefusalOf(nested(100'000)), HasSubstr("64 levels"));

  std::string members = R"({"context":{"a":1)";
  for (int i = 0; i < kMaxJsonMembers; ++i) members += fmt::format(R"(,"m{}":1)", i);
  EXPECT_THAT(RefusalOf(members + "}}"), HasSubstr("20000 members"));

  std::string values = R"({"numbers":[0)";
  for (int i = 4; i <= kMaxJsonValues; ++i) values += ",0";
  EXPECT_OK(JsonToBinary(values + "]}", *Sample::descriptor()));
  EXPECT_THAT(RefusalOf(values + ",0]}"), HasSubstr("200000 values"));
}

TEST(TranscoderTest, WritesContextsAsDeepAsServicesAcceptThem) {
  Sample sample;
  google::protobuf::Struct* level = sample.mutable_context();
  for (int i = 1; i < 32; ++i) {
    level = (*level->mutable_fields())["deeper"].mutable_struct_value();
  }
  (*level->mutable_fields())["bottom"].set_bool_value(true);
  ASSERT_OK_AND_ASSIGN(const std::string json,
                       BinaryToJson(sample.SerializeAsString(), *Sample::descriptor()));
  ASSERT_OK_AND_ASSIGN(const Sample again, Parse(json));
  EXPECT_EQ(again.SerializeAsString(), sample.SerializeAsString());
}

TEST(TranscoderTest, AResponseThatIsNoMessageIsOurFault) {
  EXPECT_THAT(BinaryToJson("\xff\xff", *Sample::descriptor()),
              StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace lmsmail::gateway
