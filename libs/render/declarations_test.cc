#include "libs/render/declarations.h"

#include <gtest/gtest.h>

#include <string>

namespace lmsmail::render {
namespace {

// "items{title links{url}} user.first_name"
std::string Outline(const std::vector<Variable>& variables) {
  std::string out;
  for (const Variable& variable : variables) {
    if (!out.empty()) out += ' ';
    out += variable.name;
    if (!variable.fields.empty()) out += '{' + Outline(variable.fields) + '}';
  }
  return out;
}

const std::vector<Variable> kFlat = {{.name = "items.title", .required = true, .sample = "T"},
                                     {.name = "user.first_name"},
                                     {.name = "items", .type = VariableType::kList},
                                     {.name = "items.links", .type = VariableType::kList},
                                     {.name = "items.author.name"},
                                     {.name = "items.links.url"}};

TEST(DeclarationsTest, NestsFieldsOfAList) {
  const std::vector<Variable> nested = NestFields(kFlat);
  EXPECT_EQ(Outline(nested), "user.first_name items{title links{url} author.name}");
  const Variable& title = nested[1].fields[0];
  EXPECT_TRUE(title.required);
  EXPECT_EQ(title.sample, "T");
}

TEST(DeclarationsTest, NestsFieldsOfADeclaredObject) {
  const std::vector<Variable> nested = NestFields({{.name = "user", .type = VariableType::kObject},
                                                   {.name = "user.first_name"},
                                                   {.name = "username"}});
  EXPECT_EQ(Outline(nested), "user{first_name} username");
}

TEST(DeclarationsTest, FlattensWhatItNested) {
  EXPECT_EQ(Outline(FlattenFields(NestFields(kFlat))),
            "user.first_name items items.title items.links items.links.url items.author.name");
}

TEST(DeclarationsTest, KeepsRepeatedNames) {
  const std::vector<Variable> nested = NestFields({{.name = "a", .type = VariableType::kList},
                                                   {.name = "a", .type = VariableType::kList},
                                                   {.name = "a.b"}});
  EXPECT_EQ(Outline(nested), "a{b} a");
}

}  // namespace
}  // namespace lmsmail::render
