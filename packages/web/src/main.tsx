import './theme/tokens.css'
import './theme/base.css'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { keptTheme, showTheme } from './theme/theme.ts'

showTheme(keptTheme())
createRoot(document.getElementById('root')!).render(<App />)
