#include <string>
#include <vector>

#include "services/report/storage/report_store_contract.h"

namespace lmsmail::report {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

TEST_P(ReportStoreContract, UpsertCreatesAndReplacesCourses) {
  const Course cpp{.id = "cpp",
                   .title = "C++",
                   .url = "https://x/cpp",
                   .instructor_name = "Bea",
                   .lesson_count = 12};
  const Course art{.id = "Art", .title = "Ärt"};
  ASSERT_OK_AND_ASSIGN(const auto stored, courses().Upsert({cpp, art}, On(1), kForever));
  ASSERT_THAT(stored, ElementsAre(Field(&Course::id, "cpp"), Field(&Course::id, "Art")));
  EXPECT_EQ(stored[0].update_time, On(1));
  EXPECT_THAT(courses().Get("cpp", kForever), IsOkAndHolds(stored[0]));

  Course renamed = cpp;
  renamed.title = "Modern C++";
  ASSERT_OK_AND_ASSIGN(const auto again, courses().Upsert({renamed, art}, On(2), kForever));
  EXPECT_EQ(again[0].title, "Modern C++");
  EXPECT_EQ(again[0].update_time, On(2));
  EXPECT_EQ(again[1].update_time, On(1)) << "an unchanged course keeps its time";
}

TEST_P(ReportStoreContract, UnknownCourseIsNotFound) {
  EXPECT_THAT(courses().Get("none", kForever), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(ReportStoreContract, ListsCoursesByIdInPages) {
  const std::vector<Course> all = {
      {.id = "b", .title = "B"}, {.id = "a", .title = "A"}, {.id = "C", .title = "C"}};
  ASSERT_OK(courses().Upsert(all, On(1), kForever));
  ASSERT_OK_AND_ASSIGN(const auto first, courses().List("", 2, kForever));
  EXPECT_THAT(first, ElementsAre(Field(&Course::id, "C"), Field(&Course::id, "a")));
  ASSERT_OK_AND_ASSIGN(const auto second, courses().List("a", 2, kForever));
  EXPECT_THAT(second, ElementsAre(Field(&Course::id, "b")));
}

TEST_P(ReportStoreContract, CountsAnActivityOnce) {
  const std::vector<Activity> activities = {
      NewActivity("s1", "a", On(1), Watched{absl::Minutes(5)}),
      NewActivity("s1", "a", On(2), Watched{absl::Minutes(7)}),
  };
  EXPECT_EQ(Record({activities[0], activities[0]}), (RecordedCount{.recorded = 1, .duplicate = 1}));
  EXPECT_EQ(Record(activities), (RecordedCount{.recorded = 1, .duplicate = 1}));
  Activity other_body = activities[0];
  other_body.event = Watched{absl::Hours(1)};
  EXPECT_EQ(Record({other_body}), (RecordedCount{.recorded = 0, .duplicate = 1}));
  ASSERT_THAT(ProgressOf("s1"), ::testing::SizeIs(1));
  EXPECT_EQ(ProgressOf("s1")[0].watch_duration, absl::Minutes(12));
}

TEST_P(ReportStoreContract, ActivityCreatesAnUnknownCourseWithoutATitle) {
  Record({NewActivity("s1", "new", On(1), Enrolled{})});
  ASSERT_OK_AND_ASSIGN(const Course course, courses().Get("new", kForever));
  EXPECT_THAT(course.title, IsEmpty());
  ASSERT_OK(courses().Upsert({{.id = "new", .title = "New"}}, On(2), kForever));
  Record({NewActivity("s2", "new", On(1), Enrolled{})});
  EXPECT_EQ(courses().Get("new", kForever)->title, "New");
}

TEST_P(ReportStoreContract, LatestActivityDecidesAnEnrollment) {
  Record({NewActivity("s1", "a", On(1), Enrolled{}), NewActivity("s2", "a", On(1), Enrolled{})});
  EXPECT_THAT(StudentsOf("a"), ElementsAre("s1", "s2"));
  Record({NewActivity("s1", "a", On(3), Unenrolled{})});
  EXPECT_THAT(StudentsOf("a"), ElementsAre("s2"));
  Record({NewActivity("s1", "a", On(2), Enrolled{})});
  EXPECT_THAT(StudentsOf("a"), ElementsAre("s2")) << "a late activity that is older";
  Record({NewActivity("s1", "a", On(4), Enrolled{})});
  EXPECT_THAT(StudentsOf("a"), ElementsAre("s1", "s2"));
}

TEST_P(ReportStoreContract, OrderWithinABatchDoesNotMatter) {
  Record({NewActivity("s1", "a", On(3), Unenrolled{}), NewActivity("s1", "a", On(1), Enrolled{}),
          NewActivity("s2", "a", On(3), Enrolled{}), NewActivity("s2", "a", On(1), Unenrolled{})});
  EXPECT_THAT(StudentsOf("a"), ElementsAre("s2"));
}

TEST_P(ReportStoreContract, ListsAnEnrollmentOnceItHasBegun) {
  Record({NewActivity("s1", "a", On(1), Enrolled{.start_time = On(5)})});
  EXPECT_THAT(StudentsOf("a", On(4)), IsEmpty());
  ASSERT_OK_AND_ASSIGN(const auto listed, activities().ListEnrolled("a", On(5), "", 10, kForever));
  EXPECT_THAT(listed, ElementsAre(Enrollment{"s1", "a", On(5)}));
}

TEST_P(ReportStoreContract, ListsEnrollmentsByStudentInPages) {
  Record({NewActivity("s2", "a", On(1), Enrolled{}), NewActivity("S9", "a", On(1), Enrolled{}),
          NewActivity("s1", "a", On(1), Enrolled{}), NewActivity("s0", "b", On(1), Enrolled{})});
  ASSERT_OK_AND_ASSIGN(const auto first, activities().ListEnrolled("a", Now(), "", 2, kForever));
  EXPECT_THAT(first,
              ElementsAre(Field(&Enrollment::student, "S9"), Field(&Enrollment::student, "s1")));
  ASSERT_OK_AND_ASSIGN(const auto rest, activities().ListEnrolled("a", Now(), "s1", 2, kForever));
  EXPECT_THAT(rest, ElementsAre(Field(&Enrollment::student, "s2")));
}

}  // namespace
}  // namespace lmsmail::report
