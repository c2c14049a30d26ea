// Cases of the mustache specification (https://github.com/mustache/spec, 1.1.2), rewritten as one
// table: every behaviour of its modules comments, delimiters, interpolation, inverted and sections
// that kainjow gets wrong or that our compiler implements. Partials are not supported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "libs/render/renderer.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"

namespace lmsmail::render {
namespace {

struct Case {
  std::string name;
  std::string source;
  std::string context;
  std::string expected;
};

void PrintTo(const Case& c, std::ostream* os) { *os << c.name; }

class MustacheSpec : public ::testing::TestWithParam<Case> {};

TEST_P(MustacheSpec, RendersAsSpecified) {
  const Case& c = GetParam();
  Content content;
  content.html = c.source;
  ASSERT_OK_AND_ASSIGN(const auto compiled, Template::Compile(content, {}));

  Renderer renderer;
  Rendered out;
  ASSERT_OK(renderer.Render(compiled, StructFromJson(c.context),
                            {.mode = RenderOptions::Mode::kPreview}, out));

  EXPECT_EQ(out.html, c.expected);
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Comments, MustacheSpec,
    ::testing::Values(
        Case{"Inline", "12345{{! Comment Block! }}67890", "{}", "1234567890"},
        Case{"Multiline", "12345{{!\n  This is a\n  multi-line comment...\n}}67890\n", "{}",
             "1234567890\n"},
        Case{"Standalone", "Begin.\n{{! Comment Block! }}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
        Case{"IndentedStandalone", "Begin.\n  {{! Indented Comment Block! }}\nEnd.\n", "{}",
             "Begin.\nEnd.\n"},
        Case{"StandaloneLineEndings", "|\r\n{{! Standalone Comment }}\r\n|", "{}", "|\r\n|"},
        Case{"StandaloneWithoutPreviousLine", "  {{! I'm Still Standalone }}\n!", "{}", "!"},
        Case{"StandaloneWithoutNewline", "!\n  {{! I'm Still Standalone }}", "{}", "!\n"},
        Case{"MultilineStandalone", "Begin.\n{{!\nSomething's going on here...\n}}\nEnd.\n", "{}",
             "Begin.\nEnd.\n"},
        Case{"IndentedMultilineStandalone", "Begin.\n  {{!\n    Something...\n  }}\nEnd.\n", "{}",
             "Begin.\nEnd.\n"},
        Case{"IndentedInline", "  12 {{! 34 }}\n", "{}", "  12 \n"},
        Case{"SurroundingWhitespace", "12345 {{! Comment Block! }} 67890", "{}", "12345  67890"},
        Case{"VariableNameCollision", "comments never show: >{{! comment, 'name' }}<",
             R"({"! comment": 1})", "comments never show: ><"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Delimiters, MustacheSpec,
    ::testing::Values(
        Case{"PairBehavior", "{{=<% %>=}}(<%text%>)", R"({"text": "Hey!"})", "(Hey!)"},
        Case{"SpecialCharacters", "({{=[ ]=}}[text])", R"({"text": "It worked!"})", "(It worked!)"},
        Case{"Sections",
             "[\n{{#section}}\n  {{data}}\n  |data|\n{{/section}}\n\n{{= | | =}}\n|#section|\n"
             "  {{data}}\n  |data|\n|/section|\n]\n",
             R"({"section": true, "data": "I got interpolated."})",
             "[\n  I got interpolated.\n  |data|\n\n  {{data}}\n  I got interpolated.\n]\n"},
        Case{"InvertedSections",
             "[\n{{^section}}\n  {{data}}\n  |data|\n{{/section}}\n\n{{= | | =}}\n|^section|\n"
             "  {{data}}\n  |data|\n|/section|\n]\n",
             R"({"section": false, "data": "I got interpolated."})",
             "[\n  I got interpolated.\n  |data|\n\n  {{data}}\n  I got interpolated.\n]\n"},
        Case{"SurroundingWhitespace", "| {{=@ @=}} |", "{}", "|  |"},
        Case{"OutlyingWhitespace", " | {{=@ @=}}\n", "{}", " | \n"},
        Case{"Standalone", "Begin.\n{{=@ @=}}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
        Case{"IndentedStandalone", "Begin.\n  {{=@ @=}}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
        Case{"StandaloneLineEndings", "|\r\n{{= @ @ =}}\r\n|", "{}", "|\r\n|"},
        Case{"StandaloneWithoutPreviousLine", "  {{=@ @=}}\n=", "{}", "="},
        Case{"StandaloneWithoutNewline", "=\n  {{=@ @=}}", "{}", "=\n"},
        Case{"PairWithPadding", "|{{= @   @ =}}|", "{}", "||"},
        Case{"BackToTheDefault", "{{=<% %>=}}<%a%><%={{ }}=%>{{a}}", R"({"a": 1})", "11"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Interpolation, MustacheSpec,
    ::testing::Values(
        Case{"None", "Hello from {Mustache}!\n", "{}", "Hello from {Mustache}!\n"},
        Case{"HtmlEscaping", "Escaped: {{forbidden}}\n", R"({"forbidden": "& \" < > '"})",
             "Escaped: &amp; &quot; &lt; &gt; &#39;\n"},
        Case{"TripleMustache", "{{{forbidden}}}\n", R"({"forbidden": "& \" < >"})", "& \" < >\n"},
        Case{"Ampersand", "{{&forbidden}}\n", R"({"forbidden": "& \" < >"})", "& \" < >\n"},
        Case{"Integer", "\"{{mph}} miles an hour!\"", R"({"mph": 85})", "\"85 miles an hour!\""},
        Case{"Decimal", "\"{{power}} jiggawatts!\"", R"({"power": 1.210})", "\"1.21 jiggawatts!\""},
        Case{"Null", "I ({{cannot}}) be seen!", R"({"cannot": null})", "I () be seen!"},
        Case{"ContextMiss", "I ({{cannot}}) be seen!", "{}", "I () be seen!"},
        Case{"DottedNames", "{{person.name}} {{#person}}{{name}}{{/person}}",
             R"({"person": {"name": "Joe"}})", "Joe Joe"},
        Case{"DottedDepth", "{{a.b.c.d.e.name}}",
             R"({"a": {"b": {"c": {"d": {"e": {"name": "Phil"}}}}}})", "Phil"},
        Case{"DottedBrokenChain", "{{a.b.c}} == ", R"({"a": {}})", " == "},
        Case{"DottedBrokenChainResolution",
             "{{a.b.c.name}} == ", R"({"a": {"b": {}}, "c": {"name": "Jim"}})", " == "},
        Case{"DottedInitialResolution", "{{#a}}{{b.c.d.e.name}}{{/a}}",
             R"({"a": {"b": {"c": {"d": {"e": {"name": "Phil"}}}}}, "b": {"c": {"d": {}}}})",
             "Phil"},
        Case{"DottedContextPrecedence", "{{#a}}{{b.c}}{{/a}}",
             R"({"a": {"b": {}}, "b": {"c": "ERROR"}})", ""},
        Case{"ImplicitIterator", "{{#list}}({{.}}){{/list}}", R"({"list": ["<", 1, 2.5, true]})",
             "(&lt;)(1)(2.5)(true)"},
        Case{"SurroundingWhitespace", "| {{string}} |", R"({"string": "---"})", "| --- |"},
        Case{"StandaloneKeepsItsLine", "  {{string}}\n", R"({"string": "---"})", "  ---\n"},
        Case{"EmptyKeepsItsLine", "a\n{{string}}\nb", R"({"string": ""})", "a\n\nb"},
        Case{"Padding", "|{{ string }}|{{{ string }}}|{{& string }}|", R"({"string": "---"})",
             "|---|---|---|"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Sections, MustacheSpec,
    ::testing::Values(
        Case{"Truthy", "{{#boolean}}shown{{/boolean}}", R"({"boolean": true})", "shown"},
        Case{"Falsey", "{{#boolean}}shown{{/boolean}}", R"({"boolean": false})", ""},
        Case{"NullIsFalsey", "{{#null}}shown{{/null}}", R"({"null": null})", ""},
        Case{"Context", "{{#context}}Hi {{name}}.{{/context}}", R"({"context": {"name": "Joe"}})",
             "Hi Joe."},
        Case{"ParentContexts", "{{#sec}}{{a}}, {{b}}, {{c.d}}{{/sec}}",
             R"({"a": "foo", "b": "wrong", "sec": {"b": "bar"}, "c": {"d": "baz"}})",
             "foo, bar, baz"},
        Case{"VariableTest", "{{#foo}}{{.}} is {{foo}}{{/foo}}", R"({"foo": "bar"})", "bar is bar"},
        Case{"ListContexts",
             "{{#tops}}{{#middles}}{{tname.lower}}{{mname}}.{{#bottoms}}{{tname.upper}}{{mname}}"
             "{{bname}}.{{/bottoms}}{{/middles}}{{/tops}}",
             R"({"tops": [{"tname": {"upper": "A", "lower": "a"}, "middles":
                 [{"mname": "1", "bottoms": [{"bname": "x"}, {"bname": "y"}]}]}]})",
             "a1.A1x.A1y."},
        Case{"List", "{{#list}}{{item}}{{/list}}",
             R"({"list": [{"item": 1}, {"item": 2}, {"item": 3}]})", "123"},
        Case{"EmptyList", "{{#list}}Yay{{/list}}{{^list}}None{{/list}}", R"({"list": []})", "None"},
        Case{"Doubled", "{{#b}}\n* first\n{{/b}}\n* {{two}}\n{{#b}}\n* third\n{{/b}}\n",
             R"({"b": true, "two": "second"})", "* first\n* second\n* third\n"},
        Case{"NestedTruthy", "| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |", R"({"b": true})",
             "| A B C D E |"},
        Case{"NestedFalsey", "| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |", R"({"b": false})",
             "| A  E |"},
        Case{"ContextMisses", "[{{#missing}}Found!{{/missing}}]", "{}", "[]"},
        Case{"NestedLists", "{{#l}}({{#m}}{{.}}{{/m}}{{^m}}-{{/m}}){{/l}}",
             R"({"l": [{"m": ["a", "b"]}, {"m": []}, {"m": ["c"]}]})", "(ab)(-)(c)"},
        Case{"DottedTruthy", "{{#a.b.c}}Here{{/a.b.c}}", R"({"a": {"b": {"c": true}}})", "Here"},
        Case{"SurroundingWhitespace", " | {{#b}}\t|\t{{/b}} | \n", R"({"b": true})",
             " | \t|\t | \n"},
        Case{"InternalWhitespace", " | {{#b}} {{! comment }}\n {{/b}} | \n", R"({"b": true})",
             " |  \n  | \n"},
        Case{"IndentedInline", " {{#b}}YES{{/b}}\n {{#b}}GOOD{{/b}}\n", R"({"b": true})",
             " YES\n GOOD\n"},
        Case{"StandaloneLines", "| This Is\n{{#b}}\n|\n{{/b}}\n| A Line\n", R"({"b": true})",
             "| This Is\n|\n| A Line\n"},
        Case{"StandaloneFalseyLeavesNoLine", "| This Is\n{{#b}}\n|\n{{/b}}\n| A Line\n",
             R"({"b": false})", "| This Is\n| A Line\n"},
        Case{"StandaloneLineEndings", "|\r\n{{#b}}\r\n{{/b}}\r\n|", R"({"b": true})", "|\r\n|"},
        Case{"StandaloneWithoutPreviousLine", "  {{#b}}\n#{{/b}}\n/", R"({"b": true})", "#\n/"},
        Case{"StandaloneWithoutNewline", "#{{#b}}\n/\n  {{/b}}", R"({"b": true})", "#\n/\n"},
        Case{"BlankLineInsideStays", "{{#b}}\n\n{{/b}}\n", R"({"b": true})", "\n"},
        Case{"BlankValueStays", "{{#b}}{{x}}{{/b}}", R"({"b": true, "x": "  "})", "  "},
        Case{"Padding", "|{{# b }}={{/ b }}|", R"({"b": true})", "|=|"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Inverted, MustacheSpec,
    ::testing::Values(
        Case{"Falsey", "{{^b}}shown{{/b}}", R"({"b": false})", "shown"},
        Case{"Truthy", "{{^b}}shown{{/b}}", R"({"b": true})", ""},
        Case{"Null", "{{^b}}shown{{/b}}", R"({"b": null})", "shown"},
        Case{"Object", "{{^b}}shown{{/b}}", R"({"b": {"name": "Joe"}})", ""},
        Case{"List", "{{^b}}shown{{/b}}{{#b}}{{n}}{{/b}}", R"({"b": [{"n": 1}, {"n": 2}]})", "12"},
        Case{"ContextMiss", "[{{^missing}}Cannot find key{{/missing}}]", "{}", "[Cannot find key]"},
        Case{"KeepsTheOuterItem", "{{#l}}{{^gone}}{{.}}{{/gone}}{{/l}}", R"({"l": [1, 2]})", "12"},
        Case{"DottedBrokenChain", "{{^a.b.c}}Not Here{{/a.b.c}}", R"({"a": {}})", "Not Here"},
        Case{"StandaloneLines", "| This Is\n{{^b}}\n|\n{{/b}}\n| A Line\n", R"({"b": false})",
             "| This Is\n|\n| A Line\n"},
        Case{"StandaloneIndentedLines", "| This\n  {{^b}}\n|\n  {{/b}}\n| A Line\n",
             R"({"b": false})", "| This\n|\n| A Line\n"}),
    NameOf);

// Where the specification leaves the choice to the language, we follow JavaScript and Python.
INSTANTIATE_TEST_SUITE_P(
    OurChoices, MustacheSpec,
    ::testing::Values(
        Case{"EmptyStringIsFalse", "{{#s}}yes{{/s}}{{^s}}no{{/s}}", R"({"s": ""})", "no"},
        Case{"ZeroIsFalseButPrints", "{{#n}}yes{{/n}}{{n}}", R"({"n": 0})", "0"},
        Case{"ObjectsAndListsPrintNothing", "[{{o}}{{l}}]", R"({"o": {"a": 1}, "l": [1]})", "[]"},
        Case{"BooleansPrint", "{{t}} {{f}}", R"({"t": true, "f": false})", "true false"},
        Case{"DelimitersInDataStayData", "{{a}}{{{a}}}", R"({"a": "{{b}}$", "b": "no"})",
             "{{b}}${{b}}$"},
        Case{"ManyTagsOnALineKeepIt", "{{#a}}{{/a}}\n", R"({"a": true})", "\n"}),
    NameOf);

}  // namespace
}  // namespace lmsmail::render
