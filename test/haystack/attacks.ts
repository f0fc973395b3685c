import type { Attack } from './attack.ts'
import type { Fleet } from './fleet.ts'
export const hiddenAttacks = (_fleet: Fleet, _count: number, _seed: number): Attack[] => []
