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
  EXPECT_THAT(Record({activities[0], activities[0]}),
              ElementsAre(RecordResult::kRecorded, RecordResult::kDuplicate));
  EXPECT_THAT(Record(activities), ElementsAre(RecordResult::kDuplicate, RecordResult::kRecorded));
  Activity other_body = activities[0];
  other_body.event = Watched{absl::Hours(1)};
  other_body.digest = 1;
  EXPECT_THAT(Record({other_body, activities[0]}),
              ElementsAre(RecordResult::kConflict, RecordResult::kDuplicate));
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

TEST_P(ReportStoreContract, ArrivalDecidesBetweenActivitiesOfTheSameTime) {
  // The ids are in the opposite order.
  Activity left = NewActivity("s1", "a", On(1), Unenrolled{});
  Activity back = NewActivity("s1", "a", On(1), Enrolled{});
  std::swap(left.id, back.id);
  Record({left});
  Record({back});
  EXPECT_THAT(StudentsOf("a"), ElementsAre("s1"));
  Activity first = NewActivity("s2", "a", On(1), Enrolled{});
  Activity second = NewActivity("s2", "a", On(1), Unenrolled{});
  first.arrival_time = On(2);
  second.arrival_time = On(3);
  Record({second, first});
  EXPECT_THAT(StudentsOf("a"), ElementsAre("s1"));
  Record({NewActivity("s3", "a", On(1), Unenrolled{}), NewActivity("s3", "a", On(1), Enrolled{})});
  EXPECT_THAT(StudentsOf("a"), ElementsAre("s1", "s3"));
}

TEST_P(ReportStoreContract, FindsWhatIsKnownOfAStudentInACourse) {
  Record({NewActivity("s1", "a", On(1), Enrolled{.start_time = On(9)}),
          NewActivity("s1", "a", On(3), LessonCompleted{"l1"}),
          NewActivity("s1", "a", On(2), LessonCompleted{"l2"}),
          NewActivity("s1", "b", On(4), LessonCompleted{"l3"})});
  ASSERT_OK_AND_ASSIGN(Participation found, activities().FindParticipation("s1", "a", kForever));
  EXPECT_TRUE(found.enrolled);
  EXPECT_EQ(found.enroll_time, On(9));
  EXPECT_EQ(found.last_lesson_time, On(3));
  EXPECT_FALSE(found.unenroll_time);
  Activity left = NewActivity("s1", "a", On(0), Unenrolled{});
  left.arrival_time = On(5);
  Record({left});
  ASSERT_OK_AND_ASSIGN(found, activities().FindParticipation("s1", "a", kForever));
  EXPECT_TRUE(found.enrolled);
  EXPECT_EQ(found.unenroll_time, On(0));
  EXPECT_EQ(found.unenroll_arrival_time, On(5));
  ASSERT_OK_AND_ASSIGN(found, activities().FindParticipation("s9", "none", kForever));
  EXPECT_FALSE(found.enrolled);
}

TEST_P(ReportStoreContract, NobodyIsEnrolledInACourseThatIsNotActive) {
  Record({NewActivity("s1", "a", On(1), Enrolled{})});
  const Course archived{.id = "a", .state = CourseState::kArchived};
  ASSERT_OK(courses().Merge(std::vector{CourseFact{archived, On(2), On(2)}}, On(2), kForever));
  EXPECT_THAT(StudentsOf("a"), IsEmpty());
  EXPECT_FALSE(activities().FindParticipation("s1", "a", kForever)->enrolled);
}

TEST_P(ReportStoreContract, MergesTheNewestValueOfEachField) {
  const auto fact = [](int day, Course course) {
    course.id = "a";
    course.state = CourseState::kUnspecified;
    return CourseFact{course, On(day), On(day)};
  };
  const std::vector<CourseFact> facts = {
      fact(3, {.id = "", .title = "C", .lesson_count = 3}),
      fact(1, {.id = "", .title = "A", .url = "https://x/a", .instructor_name = "Ann"}),
      fact(2, {.id = "", .title = "B", .url = "https://x/b"})};
  ASSERT_OK(courses().Merge(facts, On(5), kForever));
  ASSERT_OK(courses().Merge(facts, On(6), kForever));
  EXPECT_THAT(courses().Get("a", kForever), IsOkAndHolds(Course{.id = "a",
                                                                .title = "C",
                                                                .url = "https://x/b",
                                                                .instructor_name = "Ann",
                                                                .lesson_count = 3,
                                                                .update_time = On(5)}));
  // The same time: what arrived later counts.
  CourseFact late = fact(3, {.id = "", .title = "D"});
  late.arrival_time = On(4);
  ASSERT_OK(courses().Merge(std::vector{late, fact(3, {.id = "", .title = "E"})}, On(7), kForever));
  EXPECT_EQ(courses().Get("a", kForever)->title, "D");
  ASSERT_OK(courses().Upsert({{.id = "a", .title = "F"}}, On(7), kForever));
  ASSERT_OK(courses().Merge(facts, On(8), kForever));
  EXPECT_EQ(courses().Get("a", kForever)->title, "F");
  EXPECT_THAT(courses().Get("a", kForever)->url, IsEmpty());
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
