import { describe, it } from 'node:test'
import { given } from '@writ/testing'
import { Course, CourseOffered, PlaceTaken, TakePlace } from './course.js'

const course = 'pottery'
const offered = new CourseOffered({ course, places: 1 })

describe('a course', () => {
  // #region given
  it('gives its places away', async () => {
    await given(Course, [offered])
      .when(new TakePlace({ course, student: 'student-1' }))
      .thenEvents([new PlaceTaken({ course, student: 'student-1' })])
      .thenResult({ left: 0 })
  })

  it('gives no more than it has', async () => {
    await given(Course, [offered, new PlaceTaken({ course, student: 'student-1' })])
      .when(new TakePlace({ course, student: 'student-2' }))
      .thenRefused('course-full')
  })
  // #endregion given
})
