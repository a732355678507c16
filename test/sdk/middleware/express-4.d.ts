/** Version 4 comes without types; what the suite uses of it is as in version 5. */
declare module 'express-4' {
  export { default } from 'express'
}
