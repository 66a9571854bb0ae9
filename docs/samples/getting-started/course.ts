import { Aggregate, Apply, decided, Handle } from '@writ/aggregate'
import { Command, DomainError, Event } from '@writ/event-store'
import { z } from 'zod'

const CourseName = z.string().regex(/^[a-z0-9-]{1,50}$/)
const Student = z.string().min(1).max(100)

export class CourseOffered extends Event('course-offered', z.object({ course: CourseName, places: z.int().positive() })) {}
export class PlaceTaken extends Event('place-taken', z.object({ course: CourseName, student: Student })) {}

export class OfferCourse extends Command('offer-course', z.object({ course: CourseName, places: z.int().positive() })) {}
export class TakePlace extends Command('take-place', z.object({ course: CourseName, student: Student }), {
  result: z.object({ left: z.int() }),
}) {}

@Aggregate({ category: 'course', identity: 'course' })
export class Course {
  places = 0
  students = new Set<string>()

  @Handle(OfferCourse)
  offer({ course, places }: OfferCourse) {
    if (this.places > 0) throw new DomainError('course-offered-already', `The course ${course} is offered already.`)
    return new CourseOffered({ course, places })
  }

  @Handle(TakePlace)
  takePlace({ course, student }: TakePlace) {
    if (this.places === 0) throw new DomainError('course-not-offered', `There is no course ${course}.`)
    if (this.students.has(student)) throw new DomainError('place-taken-already', `${student} has a place in ${course}.`)
    const left = this.places - this.students.size
    if (left === 0) throw new DomainError('course-full', `The course ${course} is full.`, { places: this.places })
    return decided(new PlaceTaken({ course, student }), { left: left - 1 })
  }

  @Apply(CourseOffered)
  offered({ places }: CourseOffered) {
    this.places = places
  }

  @Apply(PlaceTaken)
  placeTaken({ student }: PlaceTaken) {
    this.students.add(student)
  }
}
