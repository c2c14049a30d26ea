#include "libs/render/values.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/testing/struct_from_json.h"

namespace lmsmail::render {
namespace {

using google::protobuf::Struct;
using google::protobuf::util::MessageDifferencer;

Field& Add(Object& object, const std::string& name, double number) {
  Field& field = *object.add_fields();
  field.set_name(name);
  field.mutable_value()->set_number_value(number);
  return field;
}

TEST(Values, EqualTheOriginalStruct) {
  const Struct values = StructFromJson(
      R"({"z": 1.5, "a": {"text": "é", "none": null, "": false}, "list": [{"b": 1, "a": [[]]}, "x"]})");
  EXPECT_TRUE(MessageDifferencer::Equals(ToStruct(FromStruct(values)), values));
}

TEST(Values, FindFindsEveryField) {
  Struct values;
  for (int i = 0; i < 1000; ++i) {
    (*values.mutable_fields())["name" + std::to_string(i)].set_number_value(i);
  }
  const Object object = FromStruct(values);
  for (int i = 0; i < 1000; ++i) {
    const Value* const value = Find(object, "name" + std::to_string(i));
    ASSERT_NE(value, nullptr) << i;
    EXPECT_EQ(value->number_value(), i);
  }
  for (const char* absent : {"", "name", "name1000", "z"}) {
    EXPECT_EQ(Find(object, absent), nullptr) << absent;
  }
  EXPECT_EQ(Find(Object(), "name"), nullptr);
}

TEST(Values, FindWorksInsideListItems) {
  const Object object =
      FromStruct(StructFromJson(R"({"list": [{"z": 1, "b": {"y": 2, "a": 3}}]})"));
  const Object& item = Find(object, "list")->list_value().values(0).struct_value();
  EXPECT_EQ(Find(item, "z")->number_value(), 1);
  EXPECT_EQ(Find(Find(item, "b")->struct_value(), "a")->number_value(), 3);
}

TEST(Values, KeepTheLastOfARepeatedName) {
  Object twice;
  for (const char* name : {"b", "a", "b", "c", "a", "b"}) Add(twice, name, twice.fields_size());
  Object read;
  ASSERT_TRUE(ParseValues(twice.SerializeAsString(), read));
  ASSERT_EQ(read.fields_size(), 3);
  EXPECT_EQ(Find(read, "a")->number_value(), 4);
  EXPECT_EQ(Find(read, "b")->number_value(), 5);
  EXPECT_EQ(Find(read, "c")->number_value(), 3);
}

TEST(Values, KeepAFieldWithoutAValue) {
  Object object;
  object.add_fields()->set_name("bare");
  Object read;
  ASSERT_TRUE(ParseValues(object.SerializeAsString(), read));
  ASSERT_NE(Find(read, "bare"), nullptr);
  EXPECT_EQ(Find(read, "bare")->kind_case(), Value::KIND_NOT_SET);
}

TEST(Values, RejectMalformedInput) {
  Object read;
  EXPECT_FALSE(ParseValues("\x0a\x7f", read));
}

}  // namespace
}  // namespace lmsmail::render
