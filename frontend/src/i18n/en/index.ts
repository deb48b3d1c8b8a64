import audit from './audit.json'
import merchant from './merchant.json'
import shell from './shell.json'
import staff from './staff.json'
import statistics from './statistics.json'
import terms from './terms.json'

export default { shell, terms, staff, merchant, audit, statistics }
