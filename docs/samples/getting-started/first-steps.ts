import { Application, module } from '@writ/application'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { Course, OfferCourse, TakePlace } from './course.js'

async function firstSteps() {
  const courses = module({ name: 'courses', aggregates: [Course] })
  const app = await Application.create({ store: inMemoryEventStore(), modules: [courses] })
  await app.start()

  await app.dispatch(new OfferCourse({ course: 'pottery', places: 1 }))
  const { result, version, position } = await app.dispatch(new TakePlace({ course: 'pottery', student: 'student-1' }))
  console.log({ result, version, position })

  const late = app.dispatch(new TakePlace({ course: 'pottery', student: 'student-2' }))
  console.log(await late.catch(({ code, message }) => ({ code, message })))

  await app.stop()
}

void firstSteps()
