import { On, Projection, type ProjectionContext } from '@writ/event-handler'
import type { SqlTransaction } from '@writ/event-store-postgres'
import type { Pool } from 'pg'
import { CourseOffered, PlaceTaken } from './course.js'

@Projection({ name: 'course-places', version: 1 })
export class CoursePlaces {
  async setUp({ sql }: SqlTransaction) {
    await sql`create table if not exists course_places (course text primary key, places int not null, taken int not null)`
  }

  @On(CourseOffered)
  async offered({ course, places }: CourseOffered, { sql }: ProjectionContext<SqlTransaction>) {
    await sql`insert into course_places values (${course}, ${places}, 0)`
  }

  @On(PlaceTaken)
  async placeTaken({ course }: PlaceTaken, { sql }: ProjectionContext<SqlTransaction>) {
    await sql`update course_places set taken = taken + 1 where course = ${course}`
  }
}

export async function findCourse(pool: Pool, course: string): Promise<object | undefined> {
  const { rows } = await pool.query('select course, places, taken from course_places where course = $1', [course])
  return rows[0]
}
